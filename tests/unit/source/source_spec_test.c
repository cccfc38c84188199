#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "download/source/source.h"

#define HEX64 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void expect_text(const char *source, const char *what, const char *got, const char *want)
{
    cr_expect(str_eq(got, want), "%s: %s is '%s'", source, what, got ? got : "(none)");
}

struct spec_case {
    const char *text;
    struct source_hint hint;
    struct source_spec want;
};

static void expect_specs(const struct spec_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct spec_case *c = &cases[i];
        struct source_hint hint = c->hint;
        if (!hint.endpoint) hint.endpoint = "https://huggingface.co";
        struct source_spec s;
        struct why why = {""};
        enum err e = source_spec_parse(c->text, &hint, &s, &why);
        cr_assert_eq(e, OK, "%s: %s", c->text, why.text);
        cr_expect_eq(s.kind, c->want.kind, "%s", c->text);
        cr_expect_eq(s.repo_type, c->want.repo_type, "%s", c->text);
        expect_text(c->text, "repo", s.repo, c->want.repo);
        expect_text(c->text, "revision", s.revision, c->want.revision);
        expect_text(c->text, "path", s.path, c->want.path);
        expect_text(c->text, "url", s.url, c->want.url);
        expect_text(c->text, "file", s.file, c->want.file);
        cr_expect_eq(s.pin.kind, c->want.pin.kind, "%s", c->text);
        source_spec_done(&s);
    }
}

#define HUB(type, repo_, rev, path_)                                                               \
    {                                                                                              \
        .kind = SOURCE_HUB, .repo_type = (type), .repo = (char[]){repo_},                          \
        .revision = (char[]){rev}, .path = (path_)                                                 \
    }
#define FILE_(path_) ((char[]){path_})

Test(source_spec, a_repo_as_most_people_write_it)
{
    const struct spec_case cases[] = {
        {"org/name", {0}, HUB(REPO_MODEL, "org/name", "main", NULL)},
        {"gpt2", {0}, HUB(REPO_MODEL, "gpt2", "main", NULL)},
        {"org/name@v1.0", {0}, HUB(REPO_MODEL, "org/name", "v1.0", NULL)},
        {"gpt2@607a30d", {0}, HUB(REPO_MODEL, "gpt2", "607a30d", NULL)},
        {"org/name@refs/pr/1", {0}, HUB(REPO_MODEL, "org/name", "refs/pr/1", NULL)},
        {"org/name@refs%2Fpr%2F1", {0}, HUB(REPO_MODEL, "org/name", "refs/pr/1", NULL)},
        {"org/name@feature/x", {0}, HUB(REPO_MODEL, "org/name", "feature/x", NULL)},
        {"org/na.me-1_x", {0}, HUB(REPO_MODEL, "org/na.me-1_x", "main", NULL)},
        {"_o/_n", {0}, HUB(REPO_MODEL, "_o/_n", "main", NULL)},
        {"manifest.json", {0}, HUB(REPO_MODEL, "manifest.json", "main", NULL)},
        {"org/name", {.revision = "v2"}, HUB(REPO_MODEL, "org/name", "v2", NULL)},
        {"org/name@v2", {.revision = "v2"}, HUB(REPO_MODEL, "org/name", "v2", NULL)},
        {"org/name", {.repo_type = "dataset"}, HUB(REPO_DATASET, "org/name", "main", NULL)},
        {"org/name", {.repo_type = "space"}, HUB(REPO_SPACE, "org/name", "main", NULL)},
    };
    expect_specs(cases, ARRAY_LEN(cases));
}

Test(source_spec, a_repo_as_a_uri)
{
    const struct spec_case cases[] = {
        {"hf://org/name", {0}, HUB(REPO_MODEL, "org/name", "main", NULL)},
        {"hf://gpt2", {0}, HUB(REPO_MODEL, "gpt2", "main", NULL)},
        {"hf://models/org/name", {0}, HUB(REPO_MODEL, "org/name", "main", NULL)},
        {"hf://datasets/org/name", {0}, HUB(REPO_DATASET, "org/name", "main", NULL)},
        {"hf://dataset/x@v1", {0}, HUB(REPO_MODEL, "dataset/x", "v1", NULL)},
        {"hf://datasets/squad", {0}, HUB(REPO_DATASET, "squad", "main", NULL)},
        {"hf://spaces/org/name@dev/a/b.py",
         {0},
         HUB(REPO_SPACE, "org/name", "dev", FILE_("a/b.py"))},
        {"hf://org/name/", {0}, HUB(REPO_MODEL, "org/name", "main", NULL)},
        {"hf://org/name/a/b.json", {0}, HUB(REPO_MODEL, "org/name", "main", FILE_("a/b.json"))},
        {"hf://org/name/sub/", {0}, HUB(REPO_MODEL, "org/name", "main", FILE_("sub/"))},
        {"hf://org/name@v1/x", {0}, HUB(REPO_MODEL, "org/name", "v1", FILE_("x"))},
        {"hf://gpt2@main/x/y", {0}, HUB(REPO_MODEL, "gpt2", "main", FILE_("x/y"))},
        {"hf://org/name@refs/pr/12/x/y",
         {0},
         HUB(REPO_MODEL, "org/name", "refs/pr/12", FILE_("x/y"))},
        {"hf://org/name@refs%2Fpr%2F12/x",
         {0},
         HUB(REPO_MODEL, "org/name", "refs/pr/12", FILE_("x"))},
        {"hf://org/name@refs/convert/parquet/x",
         {0},
         HUB(REPO_MODEL, "org/name", "refs/convert/parquet", FILE_("x"))},
        {"hf://org/name@feature%2Fx/y", {0}, HUB(REPO_MODEL, "org/name", "feature/x", FILE_("y"))},
        {"hf://org/name/a@b.txt", {0}, HUB(REPO_MODEL, "org/name", "main", FILE_("a@b.txt"))},
        {"hf://org/name", {.repo_type = "dataset"}, HUB(REPO_DATASET, "org/name", "main", NULL)},
        {"hf://datasets/o/n", {.repo_type = "dataset"}, HUB(REPO_DATASET, "o/n", "main", NULL)},
    };
    expect_specs(cases, ARRAY_LEN(cases));
}

Test(source_spec, a_page_of_the_hub)
{
    static const char MIRROR[] = "https://mirror.example/hf";
    const struct spec_case cases[] = {
        {"https://huggingface.co/org/name", {0}, HUB(REPO_MODEL, "org/name", "main", NULL)},
        {"https://huggingface.co/org/name/", {0}, HUB(REPO_MODEL, "org/name", "main", NULL)},
        {"https://huggingface.co/gpt2", {0}, HUB(REPO_MODEL, "gpt2", "main", NULL)},
        {"https://huggingface.co/gpt2/tree/main", {0}, HUB(REPO_MODEL, "gpt2", "main", NULL)},
        {"HTTPS://HuggingFace.co:443/org/name", {0}, HUB(REPO_MODEL, "org/name", "main", NULL)},
        {"https://huggingface.co/datasets/org/name",
         {0},
         HUB(REPO_DATASET, "org/name", "main", NULL)},
        {"https://huggingface.co/spaces/org/name/tree/main/src",
         {0},
         HUB(REPO_SPACE, "org/name", "main", FILE_("src/"))},
        {"https://huggingface.co/org/name/tree/main/src/",
         {0},
         HUB(REPO_MODEL, "org/name", "main", FILE_("src/"))},
        {"https://huggingface.co/org/name/blob/v1/a%20b.json",
         {0},
         HUB(REPO_MODEL, "org/name", "v1", FILE_("a b.json"))},
        {"https://huggingface.co/org/name/resolve/main/x.bin?download=true",
         {0},
         HUB(REPO_MODEL, "org/name", "main", FILE_("x.bin"))},
        {"https://huggingface.co/org/name/raw/main/x.txt",
         {0},
         HUB(REPO_MODEL, "org/name", "main", FILE_("x.txt"))},
        {"https://huggingface.co/org/name/blob/refs%2Fpr%2F1/x",
         {0},
         HUB(REPO_MODEL, "org/name", "refs/pr/1", FILE_("x"))},
        {"https://huggingface.co/org/name/tree/refs/pr/1/x",
         {0},
         HUB(REPO_MODEL, "org/name", "refs/pr/1", FILE_("x/"))},
        {"https://huggingface.co/org/name#usage", {0}, HUB(REPO_MODEL, "org/name", "main", NULL)},
        {"https://huggingface.co/x/../org/name", {0}, HUB(REPO_MODEL, "org/name", "main", NULL)},
        {"https://hf.co/org/name", {0}, HUB(REPO_MODEL, "org/name", "main", NULL)},
        {"https://mirror.example/hf/org/name/blob/main/x",
         {.endpoint = MIRROR},
         HUB(REPO_MODEL, "org/name", "main", FILE_("x"))},
        {"https://huggingface.co/org/name",
         {.endpoint = MIRROR},
         HUB(REPO_MODEL, "org/name", "main", NULL)},
        {"http://127.0.0.1:8080/org/name",
         {.endpoint = "http://127.0.0.1:8080"},
         HUB(REPO_MODEL, "org/name", "main", NULL)},
    };
    expect_specs(cases, ARRAY_LEN(cases));
}

#define URL(url_, pin_)                                                                            \
    {                                                                                              \
        .kind = SOURCE_BARE_URL, .url = (char[]){url_}, .pin.kind = (pin_)                         \
    }
#define MANIFEST_URL(url_)                                                                         \
    {                                                                                              \
        .kind = SOURCE_MANIFEST, .url = (char[])                                                   \
        {                                                                                          \
            url_                                                                                   \
        }                                                                                          \
    }
#define MANIFEST(file_)                                                                            \
    {                                                                                              \
        .kind = SOURCE_MANIFEST, .file = (char[])                                                  \
        {                                                                                          \
            file_                                                                                  \
        }                                                                                          \
    }

Test(source_spec, another_url_is_one_file)
{
    const struct spec_case cases[] = {
        {"https://x.org/f.bin", {0}, URL("https://x.org/f.bin", DIGEST_NONE)},
        {"http://x.org:81/f?a=b", {0}, URL("http://x.org:81/f?a=b", DIGEST_NONE)},
        {"https://x.org/f#sha256=" HEX64, {0}, URL("https://x.org/f", DIGEST_SHA256)},
        {"https://mirror.example/other/f",
         {.endpoint = "https://mirror.example/hf"},
         URL("https://mirror.example/other/f", DIGEST_NONE)},
        {"https://mirror.example/hfx/f",
         {.endpoint = "https://mirror.example/hf"},
         URL("https://mirror.example/hfx/f", DIGEST_NONE)},
        {"http://huggingface.co.evil.example/a/b",
         {0},
         URL("http://huggingface.co.evil.example/a/b", DIGEST_NONE)},
    };
    expect_specs(cases, ARRAY_LEN(cases));
}

Test(source_spec, a_manifest_is_a_path_or_told_to_be_one)
{
    const struct spec_case cases[] = {
        {"./m.json", {0}, MANIFEST("./m.json")},
        {"../m.json", {0}, MANIFEST("../m.json")},
        {"/srv/SHA256SUMS", {0}, MANIFEST("/srv/SHA256SUMS")},
        {"-", {0}, MANIFEST("-")},
        {"-", {.is_manifest = true}, MANIFEST("-")},
        {"m.json", {.is_manifest = true}, MANIFEST("m.json")},
        {"a/b", {.is_manifest = true}, MANIFEST("a/b")},
        {"https://x.org/m.json", {.is_manifest = true}, MANIFEST_URL("https://x.org/m.json")},
        {"https://huggingface.co/o/n/resolve/main/m.json",
         {.is_manifest = true},
         MANIFEST_URL("https://huggingface.co/o/n/resolve/main/m.json")},
    };
    expect_specs(cases, ARRAY_LEN(cases));
}

static const struct {
    const char *text;
    struct source_hint hint;
    const char *said;
} BAD[] = {
    {"", {0}, "empty"},
    {"a/b/c", {0}, "'hf://a/b/c'"},
    {"datasets/org/name", {0}, "'hf://datasets/org/name'"},
    {"datasets/squad", {0}, "'hf://' before it"},
    {"hf://models/spaces/x", {0}, "is a type, not an owner"},
    {"org/", {0}, "a part of it is empty"},
    {"/org", {.revision = "x"}, "--revision is for Hub repos only"},
    {"org//name", {0}, "a repo is ORG/NAME"},
    {"org/na--me", {0}, "'--'"},
    {"org/na..me", {0}, "'..'"},
    {"org/name.git", {0}, "'.git'"},
    {"-x/y", {0}, "begins or ends with"},
    {"org/name-", {0}, "begins or ends with"},
    {"org/.name", {0}, "begins or ends with"},
    {".", {0}, "begins or ends with"},
    {"..", {0}, "begins or ends with"},
    {"org/na me", {0}, "letters, digits"},
    {"org\\name", {0}, "letters, digits"},
    {"org/n\xc3\xa4me", {0}, "letters, digits"},
    {"C:\\m.json", {0}, "letters, digits"},
    {"org/name:v1", {0}, "letters, digits"},
    {"org/"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaa",
     {0},
     "96"},
    {"org/name@", {0}, "revision is empty"},
    {"org/name@%zz", {0}, "percent"},
    {"org/name@a b", {0}, "git allows no such name"},
    {"org/name@../../x", {0}, "no safe name"},
    {"org/name@a//b", {0}, "no safe name"},
    {"org/name@v1", {.revision = "v2"}, "two revisions"},
    {"org/name", {.revision = ""}, "bad revision ''"},
    {"org/name", {.repo_type = "models"}, "it is model, dataset or space"},
    {"hf://", {0}, "empty"},
    {"hf://dataset/o/n", {0}, "'hf://datasets/"},
    {"hf://kernels/o/n", {0}, "'kernels' is not known"},
    {"hf://datasets/o/n", {.repo_type = "model"}, "two types"},
    {"hf://o/n@v1", {.revision = "v2"}, "two revisions"},
    {"HF://o/n", {0}, "only hf://"},
    {"ftp://x/y", {0}, "only hf://, https:// and http://"},
    {"s3://b/k", {0}, "only hf://"},
    {"https://huggingface.co/", {0}, "no repo and no file"},
    {"https://huggingface.co", {0}, "no repo and no file"},
    {"https://huggingface.co/settings/tokens", {0}, "no repo and no file"},
    {"https://huggingface.co/api/models/o/n", {0}, "no repo and no file"},
    {"https://huggingface.co/docs/hub", {0}, "no repo and no file"},
    {"https://huggingface.co/o/n/discussions/1", {0}, "no repo and no file"},
    {"https://huggingface.co/o/n/resolve/main", {0}, "no repo and no file"},
    {"https://huggingface.co/o/n/tree", {0}, "no repo and no file"},
    {"https://huggingface.co/o/n/blob/%zz/x", {0}, "percent"},
    {"https://huggingface.co/o/n/blob/main/x", {.revision = "v2"}, "two revisions"},
    {"https://huggingface.co/o/n", {.repo_type = "dataset"}, "two types"},
    {"https://huggingface.co/o/n/blob/main/x#sha256=" HEX64, {0}, "a pin is for other URLs"},
    {"https://x/f#sha256=abc", {0}, "64 hex digits"},
    {"https://x/f#sha1=" HEX64, {0}, "64 hex digits"},
    {"https://x/f#", {0}, "64 hex digits"},
    {"https://x/f", {.revision = "v1"}, "Hub repos only"},
    {"https://x/f", {.repo_type = "model"}, "Hub repos only"},
    {"https://u:pw@x/f", {0}, "user information"},
    {"https://x:99999/f", {0}, "port"},
    {"https://x/m.json#sha256=" HEX64, {.is_manifest = true}, "takes no '#'"},
    {"./m.json", {.repo_type = "model"}, "Hub repos only"},
};

Test(source_spec, what_is_no_source_says_why)
{
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        struct source_hint hint = BAD[i].hint;
        hint.endpoint = "https://huggingface.co";
        struct source_spec s = {.kind = SOURCE_MANIFEST};
        struct why why = {""};
        enum err e = source_spec_parse(BAD[i].text, &hint, &s, &why);
        cr_expect_eq(e, ERR_USAGE, "%s: %d", BAD[i].text, (int)e);
        cr_expect(strstr(why.text, BAD[i].said), "%s: %s", BAD[i].text, why.text);
        cr_expect(!strstr(why.text, "pw"), "%s", why.text);
        cr_expect_eq(s.kind, SOURCE_MANIFEST, "%s: something was written", BAD[i].text);
    }
}

Test(source_spec, is_shown_as_events_show_it)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"org/name@v1", "hf://org/name"},
        {"hf://datasets/o/n/x", "hf://datasets/o/n"},
        {"https://huggingface.co/spaces/o/n", "hf://spaces/o/n"},
        {"https://x.org/f?Signature=abc", "https://x.org/f?Signature=…"},
        {"./m.json", "./m.json"},
        {"-", "-"},
    };
    const struct source_hint hint = {.endpoint = "https://huggingface.co"};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct source_spec s;
        cr_assert_eq(source_spec_parse(cases[i].text, &hint, &s, NULL), OK);
        char *text = source_spec_text(&s);
        cr_expect_str_eq(text, cases[i].want);
        mem_free(text);
        source_spec_done(&s);
    }
}
