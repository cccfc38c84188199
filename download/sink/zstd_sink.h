/* zstd_sink.h - the place of libzstd in this program: shards that are stored compressed (manifest
 * `encoding`) will be decoded here. What runs today is told by its version. */
#ifndef SHARDFETCH_SINK_ZSTD_SINK_H
#define SHARDFETCH_SINK_ZSTD_SINK_H

#include <stddef.h>

/* "1.5.4": of the library at run time. */
void zstd_sink_version(char *ret, size_t size);

#endif
