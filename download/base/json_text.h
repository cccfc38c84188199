/* json_text.h - one string token of a JSON text, checked and decoded. For json_scan.c. Pure. */
#ifndef SHARDFETCH_BASE_JSON_TEXT_H
#define SHARDFETCH_BASE_JSON_TEXT_H

#include <stddef.h>

#include "download/base/buf.h"

/* Takes the string whose opening quote is at text[*at] and leaves `*at` behind its closing quote;
 * what it means is added to `ret` unless that is NULL (no room there shows as `overflowed`).
 * NULL, or the rule that is broken with `*at` at the place. */
const char *json_text_take(const char *text, size_t len, size_t *at, struct buf *ret);

#endif
