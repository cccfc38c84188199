/* base64.h - RFC 4648 §4, with padding. Pure. */
#ifndef SHARDFETCH_CLI_BASE64_H
#define SHARDFETCH_CLI_BASE64_H

#include "download/base/buf.h"

void base64_add(struct buf *b, const char *data, size_t len);

#endif
