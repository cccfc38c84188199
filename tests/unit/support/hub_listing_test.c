#include <string.h>

#include <criterion/criterion.h>

#include "download/base/json.h"
#include "download/base/mem.h"
#include "tests/support/hub.h"
#include "tests/unit/support/fetch.h"

static struct hub *start(const struct hub_options *o)
{
    struct hub *h = NULL;
    struct why why = {{0}};
    cr_assert_eq(hub_start(o, &h, &why), OK, "%s", why.text);
    return h;
}

static struct json_doc *parse(const struct fetch *f)
{
    struct json_doc *d = NULL;
    struct why why = {{0}};
    cr_assert_eq(json_parse(buf_str(&f->body), f->body.len, &d, &why), OK, "%s", why.text);
    return d;
}

Test(hub_listing, model_info_gives_commit_and_siblings)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
    hub_add_file(h, "org/name", "b.txt", "b", 1, false);
    hub_add_file(h, "org/name", "a.txt", "a", 1, false);
    char sha[41];
    cr_assert(hub_commit_id(h, "org/name", "main", sha));

    SCOPED(fetched_done) struct fetch f = fetch_at(hub_endpoint(h), "/api/models/org/name", NULL);
    SCOPED(json_doc_freep) struct json_doc *d = parse(&f);
    cr_assert_eq(f.status, 200);
    const char *told = json_string(json_get(json_root(d), "sha"));
    cr_assert_str_eq(told, sha);
    const struct json *siblings = json_get(json_root(d), "siblings");
    cr_assert_eq(json_count(siblings), 2);
    const char *first = json_string(json_get(json_first(siblings), "rfilename"));
    cr_assert_str_eq(first, "a.txt");
}

/* The URL of `Link: <URL>; rel="next"` (mem_free); NULL on the last page. */
static char *next_page(const struct fetch *f)
{
    SCOPED(mem_freep) char *link = fetch_header(f, "Link");
    const char *end = link ? strstr(link, ">; rel=\"next\"") : NULL;
    return end && *link == '<' ? mem_strndup(link + 1, (size_t)(end - link - 1)) : NULL;
}

static size_t count_pages(const char *first, size_t *ret_entries)
{
    size_t pages = 0;
    *ret_entries = 0;
    for (char *url = mem_strdup(first); url; pages++) {
        SCOPED(fetched_done) struct fetch f = fetch(url, NULL);
        SCOPED(json_doc_freep) struct json_doc *d = parse(&f);
        *ret_entries += json_count(json_root(d));
        mem_free(url);
        url = next_page(&f);
    }
    return pages;
}

Test(hub_listing, pages_have_1000_entries_and_link_to_the_next)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
    hub_add_many(h, "org/many", 2500, 3);
    SCOPED(mem_freep)
    char *url = mem_printf("%s/api/models/org/many/tree/main?recursive=true", hub_endpoint(h));
    size_t entries = 0;
    cr_assert_eq(count_pages(url, &entries), 3);
    cr_assert_eq(entries, 2500 + 2 + 25, "files and the directories above them");
}

Test(hub_listing, a_last_page_that_is_exactly_full_has_no_next)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){.page_size = 2});
    const char *const names[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < 4; i++) {
        hub_add_file(h, "x", names[i], "1", 1, false);
    }
    SCOPED(mem_freep) char *url = mem_printf("%s/api/models/x/tree/main", hub_endpoint(h));
    size_t entries = 0;
    cr_assert_eq(count_pages(url, &entries), 2);
    cr_assert_eq(entries, 4);
}

Test(hub_listing, without_recursive_only_one_level_is_listed)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
    hub_add_file(h, "org/name", "top.txt", "1", 1, false);
    hub_add_file(h, "org/name", "sub/one.txt", "1", 1, false);
    hub_add_file(h, "org/name", "sub/deep/two.txt", "1", 1, false);
    static const struct {
        const char *path;
        size_t entries;
    } cases[] = {
        {"/api/models/org/name/tree/main", 2},
        {"/api/models/org/name/tree/main/sub", 2},
        {"/api/models/org/name/tree/main/sub?recursive=True", 3},
        {"/api/models/org/name/tree/main?recursive=1", 5},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(fetched_done) struct fetch f = fetch_at(hub_endpoint(h), cases[i].path, NULL);
        SCOPED(json_doc_freep) struct json_doc *d = parse(&f);
        cr_expect_eq(json_count(json_root(d)), cases[i].entries, "%s", cases[i].path);
    }
}

Test(hub_listing, a_mirror_links_to_the_original_host_and_forgets_its_prefix)
{
    SCOPED(hub_freep)
    struct hub *h = start(&(struct hub_options){
        .prefix = "/art/hf", .link_host = "https://huggingface.co", .page_size = 1});
    hub_add_file(h, "org/name", "a", "1", 1, false);
    hub_add_file(h, "org/name", "b", "1", 1, false);
    SCOPED(fetched_done)
    struct fetch f = fetch_at(hub_endpoint(h), "/api/models/org/name/tree/refs%2Fpr%2F1", NULL);
    cr_assert_eq(f.status, 404, "no such revision yet");
    hub_set_ref(h, "org/name", "refs/pr/1");
    SCOPED(fetched_done)
    struct fetch g = fetch_at(hub_endpoint(h), "/api/models/org/name/tree/refs%2Fpr%2F1", NULL);
    SCOPED(mem_freep) char *next = next_page(&g);
    const char *head = "https://huggingface.co/api/models/org/name/tree/refs%2Fpr%2F1?";
    cr_assert(next != NULL);
    cr_assert_eq(strncmp(next, head, strlen(head)), 0, "%s", next);

    SCOPED(fetched_done)
    struct fetch r = fetch_at(hub_endpoint(h), "/org/name/resolve/main/a", NULL);
    SCOPED(mem_freep) char *location = fetch_header(&r, "Location");
    cr_assert_eq(strncmp(location, "/api/resolve-cache/", 19), 0, "%s", location);
}

Test(hub_listing, what_is_not_there_is_said_by_code)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){.prefix = "/p"});
    hub_add_file(h, "org/name", "a", "1", 1, false);
    hub_add_file(h, "datasets/org/set", "a", "1", 1, false);
    hub_add_token(h, "hf_good");
    static const struct {
        const char *path;
        const char *header;
        long status;
        const char *code;
    } cases[] = {
        {"/api/models/org/name", NULL, 200, NULL},
        {"/api/datasets/org/set", NULL, 200, NULL},
        {"/api/spaces/org/set", NULL, 401, NULL},
        {"/api/models/org/none", NULL, 401, NULL},
        {"/api/models/org/none", "Authorization: Bearer hf_good", 404, "RepoNotFound"},
        {"/api/models/org/name", "Authorization: Bearer hf_bad", 401, NULL},
        {"/api/models/org/name/revision/HEAD", NULL, 200, NULL},
        {"/api/models/org/name/revision/v9", NULL, 404, "RevisionNotFound"},
        {"/org/name/resolve/main/none.txt", NULL, 404, "EntryNotFound"},
        {"/datasets/org/set/resolve/main/a", NULL, 307, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(fetched_done)
        struct fetch f = fetch_at(hub_endpoint(h), cases[i].path,
                                  &(struct fetch_with){.header = cases[i].header});
        SCOPED(mem_freep) char *code = fetch_header(&f, "X-Error-Code");
        cr_expect_eq(f.status, cases[i].status, "%s", cases[i].path);
        bool same = cases[i].code ? code && strcmp(code, cases[i].code) == 0 : !code;
        cr_expect(same, "%s: %s", cases[i].path, code ? code : "(no code)");
    }
}

Test(hub_listing, paths_info_answers_forms_and_json)
{
    SCOPED(hub_freep) struct hub *h = start(&(struct hub_options){0});
    hub_add_file(h, "org/name", "a b", "1", 1, false);
    hub_add_file(h, "org/name", "c", "1", 1, true);
    hub_add_file(h, "org/name", "d", "1", 1, false);
    const char *const bodies[] = {"paths=a+b&paths=c&expand=False", "paths=a%20b&paths=c&paths=zz",
                                  "{\"paths\":[\"a b\",\"c\"],\"expand\":true}"};
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        SCOPED(fetched_done)
        struct fetch f = fetch_at(hub_endpoint(h), "/api/models/org/name/paths-info/main",
                                  &(struct fetch_with){.post = bodies[i]});
        SCOPED(json_doc_freep) struct json_doc *d = parse(&f);
        cr_expect_eq(json_count(json_root(d)), 2, "%s", bodies[i]);
    }
}
