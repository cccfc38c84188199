/* First line: SOURCE, second: --revision, third: --repo-type (empty = not given). A Hub source can
 * be written as hf:// and read back the same; its revision can be a path; every URL is one. */
#include "download/source/source.h"

#include "download/base/scoped.h"
#include "download/plan/path.h"
#include "download/source/url.h"
#include "tests/fuzz/harmless.h"

static const char ENDPOINT[] = "https://hub.example/prefix";

static void check_hub(const struct source_spec *s)
{
    MUST(s->repo && s->revision && !s->url && !s->file);
    MUST(path_check(s->revision, NULL) == OK);
    MUST(path_check(s->repo, NULL) == OK);
    SCOPED(mem_freep) char *text = source_spec_text(s);
    const struct source_hint hint = {.endpoint = ENDPOINT, .revision = s->revision};
    struct source_spec again;
    MUST(source_spec_parse(text, &hint, &again, NULL) == OK);
    MUST(str_eq(again.repo, s->repo) && again.repo_type == s->repo_type);
    MUST(str_eq(again.revision, s->revision));
    source_spec_done(&again);
}

static void check_spec(const struct source_spec *s)
{
    struct url u;
    switch (s->kind) {
    case SOURCE_HUB: check_hub(s); break;
    case SOURCE_MANIFEST: MUST(s->file || s->url); break;
    case SOURCE_BARE_URL: MUST(s->url && url_parse(s->url, &u, NULL) == OK); break;
    }
    if (s->kind == SOURCE_MANIFEST) return;
    const struct source_setup setup = {.endpoint = ENDPOINT};
    SCOPED(source_freep) struct source *source = NULL;
    struct why why = {""};
    enum err e = source_open(s, &setup, &source, &why);
    MUST(e == OK || (e == ERR_REFUSED && s->kind == SOURCE_BARE_URL));
    must_be_harmless(why.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED(mem_freep) char *text = text_of(data, size);
    char *rest = text;
    const char *source = strsep(&rest, "\n");
    const char *revision = strsep(&rest, "\n");
    const char *type = strsep(&rest, "\n");
    const struct source_hint hint = {
        .endpoint = ENDPOINT,
        .revision = str_empty(revision) ? NULL : revision,
        .repo_type = str_empty(type) ? NULL : type,
    };
    struct source_spec s;
    struct why why = {""};
    enum err e = source_spec_parse(source, &hint, &s, &why);
    MUST(e == OK || e == ERR_USAGE);
    must_be_harmless(why.text);
    if (e) return 0;
    check_spec(&s);
    source_spec_done(&s);
    return 0;
}
