/* clean.h - text from outside, made fit for people's terminals and logs: C0, C1, DEL, bidi and
 * other format characters and invalid UTF-8 become \xNN. One sanitiser for messages and the view;
 * JSON lines have their own escapes (json.h). Pure. */
#ifndef SHARDFETCH_BASE_CLEAN_H
#define SHARDFETCH_BASE_CLEAN_H

#include <stddef.h>

#include "download/base/buf.h"

void clean_add(struct buf *b, const char *s, size_t len);
/* Into a fixed array of at least 4 bytes, cut at a character boundary with "…" when it does not
 * fit. NULL counts as "". Returns `ret`. */
char *clean_copy(const char *s, char *ret, size_t ret_size);

enum { CLEAN_MAX = 320 }; // taste: a long path still leaves room for the sentence around it
struct clean {
    char text[CLEAN_MAX];
};
/* clean_copy for an argument list: fail(why, e, "no '%s'", clean(name, &room)). */
const char *clean(const char *s, struct clean *room);

#endif
