/* A SHA256SUMS list that is taken can be written again as coreutils would and then reads the same.
 */
#include "download/base/buf.h"
#include "download/base/scoped.h"
#include "download/source/source.h"
#include "tests/fuzz/harmless.h"

static enum err open_text(const char *text, size_t len, struct source **ret, struct why *why)
{
    char file[] = "./m";
    const struct source_spec spec = {.kind = SOURCE_MANIFEST, .file = file};
    const struct source_setup setup = {
        .base_url = "https://b.example/d",
        .manifest_text = text,
        .manifest_len = len,
    };
    return source_open(&spec, &setup, ret, why);
}

static void write_list(struct buf *b, const struct listing *l)
{
    char hex[DIGEST_HEX_MAX];
    for (size_t i = 0; i < l->count; i++) {
        digest_print_hex(&l->entries[i].digest, hex);
        buf_addf(b, "%s  %s\n", hex, l->entries[i].path);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!data || memchr(data, '{', size)) return 0; // manifest.c's
    SCOPED(source_freep) struct source *s = NULL;
    SCOPED(source_freep) struct source *again = NULL;
    struct why why = {""};
    enum err e = open_text((const char *)data, size, &s, &why);
    MUST(e == OK || e == ERR_REFUSED);
    must_be_harmless(why.text);
    if (e) return 0;

    SCOPED(buf_done) struct buf b;
    buf_init(&b, 2 * size + 1);
    const struct listing *l = source_listing(s);
    write_list(&b, l);
    MUST(open_text(buf_str(&b), b.len, &again, &why) == OK);
    const struct listing *m = source_listing(again);
    MUST(l->count > 0 && m->count == l->count);
    for (size_t i = 0; i < l->count; i++) {
        MUST(str_eq(l->entries[i].path, m->entries[i].path));
        MUST(str_eq(l->entries[i].url, m->entries[i].url));
        MUST(digest_equal(&l->entries[i].digest, &m->entries[i].digest));
    }
    return 0;
}
