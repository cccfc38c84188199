/* bar.h - a bar of progress as text. Pure. */
#ifndef SHARDFETCH_CLI_BAR_H
#define SHARDFETCH_CLI_BAR_H

#include <stdbool.h>
#include <stdint.h>

#include "download/base/buf.h"

/* Exactly `width` columns, frame included; full only when all is there. An unknown total is an
 * empty bar. `unicode`: half steps with box-drawing characters, else "[==>  ]". */
void bar_add(struct buf *b, uint64_t part, uint64_t total, size_t width, bool unicode);

#endif
