/* zstd_sink.h - the fence around libzstd: nothing else may include it. All it is asked for so far
 * is its version. */
#ifndef SHARDFETCH_SINK_ZSTD_SINK_H
#define SHARDFETCH_SINK_ZSTD_SINK_H

#include <stddef.h>

/* "1.5.4": of the library at run time. */
void zstd_sink_version(char *ret, size_t size);

#endif
