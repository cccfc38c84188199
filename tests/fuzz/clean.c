/* What is cleaned is harmless, and cleaning it again or in pieces changes nothing; cut to any room
 * it stays harmless. */
#include "download/base/clean.h"

#include "download/base/scoped.h"
#include "tests/fuzz/harmless.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED(buf_done) struct buf once;
    SCOPED(buf_done) struct buf twice;
    buf_init(&once, 16 * size + 1);
    buf_init(&twice, 16 * size + 1);
    clean_add(&once, (const char *)data, size);
    MUST(!once.overflowed);
    must_be_harmless(buf_str(&once));
    MUST(strlen(buf_str(&once)) == once.len);
    clean_add(&twice, buf_str(&once), once.len);
    MUST(strcmp(buf_str(&once), buf_str(&twice)) == 0);

    char room[80];
    SCOPED(mem_freep) char *text = text_of(data, size);
    for (size_t n = 4; n <= sizeof(room); n += 7) {
        clean_copy(text, room, n);
        MUST(strlen(room) < n);
        must_be_harmless(room);
    }
    return 0;
}
