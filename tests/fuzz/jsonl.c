/* Whatever a name is made of, its event is one line of strict JSON within the limit, and the name
 * can be had back: from `file`, or from `file_b64` where `file` cannot hold it. */
#include <string.h>

#include "cli/base64.h"
#include "cli/jsonl.h"
#include "download/base/json.h"
#include "download/base/mem.h"
#include "download/base/str.h"
#include "tests/fuzz/must.h"

enum { NAME_MAX_BYTES = 4000 }; // as path.h allows

static void check_name(const struct json *line, const char *name)
{
    const char *file = json_string(json_get(line, "file"));
    const char *encoded = json_string(json_get(line, "file_b64"));
    if (!*name) {
        MUST(!file && !encoded);
        return;
    }
    MUST(file);
    if (!encoded) {
        MUST(str_eq(file, name));
        return;
    }
    struct buf b;
    buf_init(&b, 2 * NAME_MAX_BYTES);
    base64_add(&b, name, strlen(name));
    MUST(str_eq(encoded, buf_str(&b)));
    buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len = size < NAME_MAX_BYTES ? size : NAME_MAX_BYTES;
    SCOPED(mem_freep) char *name = mem_strndup((const char *)data, len);
    struct event e = {.type = EV_FILE_DONE,
                      .u.file_done = {.file = name, .path = name, .digest = name}};
    SCOPED(buf_done) struct buf b;
    buf_init(&b, JSONL_MAX_BYTES);
    jsonl_encode(&e, &(struct jsonl_head){.seq = 1, .run = "0123456789abcdef"}, &b);
    MUST(!b.overflowed);
    MUST(memchr(b.data, '\n', b.len) == b.data + b.len - 1);
    SCOPED(json_doc_freep) struct json_doc *doc = NULL;
    MUST(json_parse(b.data, b.len - 1, &doc, NULL) == OK);
    check_name(json_root(doc), name);
    return 0;
}
