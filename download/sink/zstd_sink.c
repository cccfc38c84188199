#include "download/sink/zstd_sink.h"

#include <stdio.h>
#include <zstd.h>

void zstd_sink_version(char *ret, size_t size)
{
    snprintf(ret, size, "%s", ZSTD_versionString());
}
