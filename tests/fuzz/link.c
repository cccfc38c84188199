/* A target that is found stands between <> in the value, and stays found when more links follow. */
#include "download/source/link.h"

#include "download/base/scoped.h"
#include "tests/fuzz/harmless.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED(mem_freep) char *value = text_of(data, size);
    SCOPED(mem_freep) char *target = link_target(value, "next");
    if (!target) return 0;
    SCOPED(mem_freep) char *quoted = mem_printf("<%s>", target);
    MUST(strstr(value, quoted));
    MUST(!strchr(target, '>'));

    SCOPED(mem_freep)
    char *longer = mem_printf("<a,b>; rel=prev; title=\"<c>; rel=next\", %s, <d>", value);
    SCOPED(mem_freep) char *again = link_target(longer, "next");
    MUST(again && strcmp(again, target) == 0);
    return 0;
}
