#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"
#include "download/plan/path.h"

/* Names by what is wrong with them (reliability.md's category F and the CVEs behind it); NULL ends
 * a group. */
static const char *const ABSOLUTE[] = {
    "/", "/etc/passwd", "//etc/passwd", "//server/share/x", "///", "/a/b", "/./a", "/../a", NULL,
};
static const char *const DOTS[] = {
    ".",
    "..",
    "../",
    "../x",
    "../../etc/passwd",
    "a/..",
    "a/../b",
    "a/../../b",
    "a/b/../../../c",
    "./a",
    "a/.",
    "a/./b",
    "./.",
    "./..",
    "a/b/..",
    "models/../../.ssh/authorized_keys",
    "..//",
    "../.",
    "x/.././../y",
    "..\n",
    NULL,
};
static const char *const EMPTY[] = {
    "", "a//b", "a/", "a/b/", "a//", "a///b", "dir/", "a/b//", NULL,
};
static const char *const BACKSLASH[] = {
    "\\",           "..\\..\\x",     "a\\b",    "a\\..\\b",       "\\\\server\\share",
    "\\\\?\\C:\\x", "\\etc\\passwd", "a/..\\b", "C:\\Windows\\x", "x\\",
    "..\\",         "a/b\\c",        NULL,
};
static const char *const DRIVE[] = {
    "C:", "C:/x", "c:x", "Z:/Windows/System32/x", "a:b", "C:..", "z:", "d:/../x", NULL,
};
static const char *const CONTROL[] = {
    "\x01",
    "a\x02"
    "b",
    "\n",
    "a\nb",
    "a\rb",
    "a\tb",
    "\x1b[2J",
    "a\x1b]0;x\x07",
    "\x7f",
    "a/\x1f",
    "\b\b\b",
    "\v",
    "\f",
    "a\x0b/b",
    "\xc2\x80",
    "\xc2\x9b"
    "2J",
    "\xc2\x9d"
    "0;x",
    "a\xc2\x85"
    "b",
    "\xc2\x9f",
    NULL,
};
static const char *const NOT_UTF8[] = {
    "\xff",
    "\xfe\xff",
    "a\x80",
    "\xc3",
    "\xc3(",
    "\xc0\xaf",
    "\xc0\xae\xc0\xae/x",
    "\xe0\x80\xaf",
    "\xf0\x80\x80\xaf",
    "\xed\xa0\x80",
    "\xed\xb0\x80",
    "\xf4\x90\x80\x80",
    "\xf8\x88\x80\x80\x80",
    "\xe2\x82",
    "caf\xe9",
    "a/\xff/b",
    NULL,
};
static const char *const OUR_STATE[] = {
    ".cache",
    ".CACHE",
    ".cache/huggingface",
    ".Cache/HuggingFace",
    ".cache/huggingface/x",
    ".cache/huggingface/shardfetch/0.part",
    ".cache/huggingface/download/x.metadata",
    ".cache/huggingface/.gitignore",
    ".CACHE/HUGGINGFACE/x",
    ".cache/huggingface/a/b",
    NULL,
};

static const struct {
    const char *rule;
    const char *const *names;
} GROUPS[] = {
    {"absolute", ABSOLUTE}, {"'.", DOTS},
    {"e", EMPTY},           {"backslash", BACKSLASH},
    {"drive", DRIVE},       {"control", CONTROL},
    {"UTF-8", NOT_UTF8},    {"state directory", OUR_STATE},
};

Test(path, an_evil_name_is_refused_and_shown_harmless)
{
    size_t count = 0;
    for (size_t g = 0; g < ARRAY_LEN(GROUPS); g++) {
        for (const char *const *name = GROUPS[g].names; *name; name++, count++) {
            struct why why = {""};
            cr_expect_eq(path_check(*name, &why), ERR_REFUSED, "group %zu: '%s'", g, *name);
            cr_expect(str_is_utf8(why.text, strlen(why.text)), "group %zu", g);
            cr_expect(!strpbrk(why.text, "\x1b\n\r\b\x07"), "group %zu", g);
        }
    }
    cr_expect_geq(count, 100, "%zu names", count);
}

Test(path, the_sentence_names_the_rule)
{
    static const struct {
        const char *name, *rule;
    } cases[] = {
        {"", "it is empty"},
        {"/a", "it is absolute"},
        {"a/../b", "'..' component"},
        {"a/./b", "'.' component"},
        {"a//b", "empty component"},
        {"a/", "ends in '/'"},
        {"a\\b", "backslash"},
        {"C:/a", "drive"},
        {"a\nb", "control character"},
        {"\xc2\x9b", "control character"},
        {"\xff", "UTF-8"},
        {".cache/huggingface/x", "--exclude"},
        {".cache", "--exclude"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct why why = {""};
        cr_expect_eq(path_check(cases[i].name, &why), ERR_REFUSED);
        cr_expect(strstr(why.text, cases[i].rule), "%s", why.text);
    }
}

/* D8: what only some file systems cannot hold is no matter here. */
Test(path, an_unusual_name_is_no_evil_name)
{
    static const char *const cases[] = {
        "config.json",
        "sub/dir/model-00001-of-00008.safetensors",
        ".gitattributes",
        "...",
        "..a",
        "a..",
        ".a",
        "-rf",
        "--help",
        "~",
        "~/x",
        "$HOME",
        "`id`",
        "a b",
        " a",
        "a ",
        "a.",
        "CON",
        "nul.txt",
        "12:00.json",
        "ab:c",
        "1:x",
        "*?<>|\"'",
        "späße/数据.bin",
        "e\xcc\x81",
        "\xc3\xa9",
        "\xf0\x9f\xa4\x97",
        ("gpj.\xe2\x80\xae"
         "exe"),
        ".cache/other",
        ".cachet",
        "a/.cache",
        "a/.cache/huggingface/x",
        ".cache/huggingfaces",
        "%2e%2e/x",
        "..%2fx",
        "a;b",
        "a&b",
        "\xc2\xa0",
        ".git/config",
        "CLOCK$",
        "com1",
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct why why = {""};
        cr_expect_eq(path_check(cases[i], &why), OK, "'%s': %s", cases[i], why.text);
    }
}

Test(path, a_component_ends_at_255_bytes_and_a_path_at_4000)
{
    char name[PATH_TOTAL_MAX + 2] = "a/";
    memset(name + 2, 'x', PATH_COMPONENT_MAX);
    cr_expect_eq(path_check(name, NULL), OK);
    name[2 + PATH_COMPONENT_MAX] = 'x';
    struct why why = {""};
    cr_expect_eq(path_check(name, &why), ERR_REFUSED);
    cr_expect(strstr(why.text, "255"));
    cr_expect(strlen(why.text) < 600);

    for (size_t i = 0; i < PATH_TOTAL_MAX; i++)
        name[i] = i % 100 == 99 ? '/' : 'x';
    name[PATH_TOTAL_MAX - 1] = 'x';
    name[PATH_TOTAL_MAX] = '\0';
    cr_expect_eq(path_check(name, NULL), OK);
    name[PATH_TOTAL_MAX] = 'x';
    name[PATH_TOTAL_MAX + 1] = '\0';
    cr_expect_eq(path_check(name, &why), ERR_REFUSED);
    cr_expect(strstr(why.text, "4000"));
}
