/* A manifest that is taken lists safe names, each with a URL or a repo to ask, and nothing that it
 * warns about can harm a terminal. */
#include "download/base/scoped.h"
#include "download/plan/path.h"
#include "download/source/source.h"
#include "download/source/url.h"
#include "tests/fuzz/harmless.h"

static void check_entry(struct source *s, const struct listing_entry *e)
{
    MUST(path_check(e->path, NULL) == OK);
    MUST(e->size <= INT64_MAX || e->size == SIZE_NOT_KNOWN);
    struct resolve r;
    enum err err = resolve_start(s, e, 0, &r, NULL);
    if (err) {
        MUST(!e->url && err == ERR_REFUSED); // the name makes the URL too long
        return;
    }
    struct url u;
    MUST(url_parse(r.url, &u, NULL) == OK);
    resolve_done(&r);
}

static void check_source(struct source *s)
{
    struct listing *l = source_listing(s);
    for (size_t i = 0; i < l->count; i++)
        check_entry(s, &l->entries[i]);
    for (size_t i = 0; source_warning(s, i); i++)
        must_be_harmless(source_warning(s, i));
    const char *commit = source_commit(s);
    MUST(!commit || strspn(commit, "0123456789abcdef") == 40);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const BASES[] = {NULL, "https://b.example/d"};
    for (size_t i = 0; i < ARRAY_LEN(BASES); i++) {
        char file[] = "./m";
        const struct source_spec spec = {.kind = SOURCE_MANIFEST, .file = file};
        const struct source_setup setup = {
            .endpoint = "https://hub.example",
            .base_url = BASES[i],
            .manifest_text = (const char *)data,
            .manifest_len = size,
        };
        if (!data) return 0;
        SCOPED(source_freep) struct source *s = NULL;
        struct why why = {""};
        enum err e = source_open(&spec, &setup, &s, &why);
        MUST(e == OK || e == ERR_REFUSED || (e == ERR_USAGE && !BASES[i]));
        must_be_harmless(why.text);
        if (!e) check_source(s);
    }
    return 0;
}
