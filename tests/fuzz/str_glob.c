/* Input: pattern, NUL, path. What matches also matches with a star before or behind; "dir/" is
 * "dir/" and a star; without special characters only the path itself matches. */
#include <string.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "tests/fuzz/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED(mem_freep) char *pattern = mem_new(size + 2);
    if (size) memcpy(pattern, data, size);
    size_t len = strlen(pattern);
    const char *path = len < size ? pattern + len + 1 : "";

    bool match = str_glob(pattern, path);
    bool plain = !strpbrk(pattern, "*?[");
    bool below = str_ends(pattern, "/");
    if (plain) MUST(match == (below ? str_starts(path, pattern) : str_eq(path, pattern)));
    MUST(str_glob("*", path));

    SCOPED(mem_freep) char *before = mem_printf("*%s", pattern);
    SCOPED(mem_freep) char *behind = mem_printf("%s*", pattern);
    MUST(!match || str_glob(before, path));
    MUST(!match || str_glob(behind, path));
    if (below) MUST(match == str_glob(behind, path));
    return 0;
}
