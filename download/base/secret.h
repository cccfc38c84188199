/* secret.h - a token and the only origin it may be sent to. Has no print form: it is read only
 * where a request's header is made, and wiped when freed. */
#ifndef SHARDFETCH_BASE_SECRET_H
#define SHARDFETCH_BASE_SECRET_H

#include <stdbool.h>

#include "download/base/scoped.h"

struct secret;

/* Copies. NULL for NULL, "" or text with bytes that cannot stand in a header (below 0x21, 0x7f and
 * above). */
struct secret *secret_new(const char *text);
void secret_free(struct secret *s); // wipes
SCOPED_FREE(struct secret, secret)
/* The bytes, for the header line and nothing else. */
const char *secret_reveal(const struct secret *s);

#endif
