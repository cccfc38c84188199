/* columns.h - how wide UTF-8 text is on a terminal, and making it narrower. Pure; independent of
 * the locale. Text that is no UTF-8 was cleaned before (clean.h). */
#ifndef SHARDFETCH_CLI_COLUMNS_H
#define SHARDFETCH_CLI_COLUMNS_H

#include <stddef.h>

#include "download/base/buf.h"

/* Columns of `s`: 2 for East Asian wide characters and emoji, 0 for combining marks, else 1. */
size_t columns_of(const char *s);
/* Adds a file's name in exactly `width` columns: padded with blanks, or without its extension
 * ("model-00001-of-00008.."), or without that and its middle ("mod..-00001"). */
void columns_fit(struct buf *b, const char *s, size_t width);
/* Adds `s` cut after at most `width` columns; returns the columns added. */
size_t columns_cut(struct buf *b, const char *s, size_t width);

#endif
