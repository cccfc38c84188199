#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/plan/path.h"
#include "download/plan/path_fold.h"

enum { PATHS = 6 };

static size_t count_of(const char *const *paths)
{
    size_t n = 0;
    while (n < PATHS && paths[n])
        n++;
    return n;
}

Test(path_all, clashes_refuse_everything)
{
    static const struct {
        const char *what;
        const char *paths[PATHS];
        const char *rule; // NULL = fine
    } cases[] = {
        {"none at all", {NULL}, NULL},
        {"one", {"a"}, NULL},
        {"different", {"a", "b", "c/a", "c/b", "ca"}, NULL},
        {"a prefix is no directory", {"a", "ab", "a.b", "a-b", "abc/d"}, NULL},
        {"twice", {"a", "b", "a"}, "listed twice"},
        {"twice below", {"a/b", "a/c", "a/b"}, "listed twice"},
        {"file and directory", {"a", "a/b"}, "a file and a directory"},
        {"directory and file", {"a/b/c", "x", "a/b"}, "a file and a directory"},
        {"with names that sort between",
         {"a", "a-b", "a.c", "a!", "a/b"},
         "a file and a directory"},
        {"far below", {"a/b/c/d/e", "a"}, "a file and a directory"},
        {"an unsafe one among safe ones", {"a", "../b", "c"}, "'..'"},
        {"an unsafe one last", {"a", "b", "c\\d"}, "backslash"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct why why = {""};
        const char *twin = "untouched";
        size_t count = count_of(cases[i].paths);
        enum err e = path_check_all(cases[i].paths, count, PATH_TWINS_REFUSED, &twin, &why);
        cr_expect_eq(e, cases[i].rule ? ERR_REFUSED : OK, "%s: %s", cases[i].what, why.text);
        if (cases[i].rule) {
            cr_expect(strstr(why.text, cases[i].rule), "%s: %s", cases[i].what, why.text);
            cr_expect_str_eq(twin, "untouched");
        } else {
            cr_expect_null(twin, "%s", cases[i].what);
        }
    }
}

static const struct {
    const char *a, *b;
    bool twins;
} TWINS[] = {
    {"README.md", "readme.md", true},
    {"a/B/c", "A/b/C", true},
    {"A/x", "a/y", false}, // the two directories become one, which loses nothing
    {"A", "a/b", true},    // a file where the other needs a directory
    {"ä", "Ä", true},
    {"Ärger", "a\xcc\x88rger", true}, // composed and decomposed
    {"é", "e\xcc\x81", true},
    {"é", "e", false},
    {"e", "f", false},
    {"Straße", "STRASSE", true},
    {"STRA\xe1\xba\x9e"
     "E",
     "strasse", true},
    {"Ω", "ω", true},
    {"Σ", "ς", true},
    {"Ё", "е\xcc\x88", true},
    {"Ж", "ж", true},
    {"Ա", "ա", true},
    {"Ａ", "ａ", true},
    {"Ａ", "A", false},
    {"\xe2\x84\xaa", "k", true}, // the Kelvin sign
    {"Å", "\xe2\x84\xab", true}, // the Angstrom sign
    {"한", "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", true},
    {"하", "\xe1\x84\x92\xe1\x85\xa1", true},
    {"数", "據", false},
    {"İ", "i\xcc\x87", true},
    {"ı", "i", false},
    {"Ÿ", "ÿ", true},
    {"Ž", "ž", true},
    {"Ő", "o\xcc\x8b", true},
    {"\xf0\x9f\xa4\x97", "\xf0\x9f\xa4\x96", false},
    {"×", "÷", false},
};

Test(path_all, twins_are_refused_only_where_the_target_folds)
{
    for (size_t i = 0; i < ARRAY_LEN(TWINS); i++) {
        const char *paths[] = {TWINS[i].a, "z", TWINS[i].b};
        struct why why = {""};
        const char *twin = "untouched";
        enum err e = path_check_all(paths, 3, PATH_TWINS_REFUSED, &twin, &why);
        cr_expect_eq(e, TWINS[i].twins ? ERR_REFUSED : OK, "%s %s", TWINS[i].a, TWINS[i].b);
        if (e) cr_expect(strstr(why.text, "cannot tell them apart"), "%s", why.text);

        e = path_check_all(paths, 3, PATH_TWINS_ALLOWED, &twin, &why);
        cr_expect_eq(e, OK, "%s", why.text);
        bool one_of_them = twin == paths[0] || twin == paths[2];
        cr_expect_eq(one_of_them, TWINS[i].twins, "%s %s", TWINS[i].a, TWINS[i].b);
    }
}

Test(path_all, the_longest_fold_has_room)
{
    static const char *const LONG[] = {"\xce\xb0", "\xea\xb0\x81", "\xc4\xb0", "\xe1\xba\x9e",
                                       "\xff"};
    for (size_t i = 0; i < ARRAY_LEN(LONG); i++) {
        char name[PATH_COMPONENT_MAX + 1] = "";
        while (strlen(name) + strlen(LONG[i]) < sizeof(name))
            memcpy(name + strlen(name), LONG[i], strlen(LONG[i]) + 1);
        char *key = path_fold(name);
        cr_expect_not_null(key); // a write beyond it is the sanitizer's to find
        mem_free(key);
    }
}

Test(path_all, a_hundred_thousand_names_are_no_work)
{
    enum { MANY = 100000, NAME = 32 };
    char(*names)[NAME] = mem_array(MANY, NAME);
    const char **paths = mem_array(MANY, sizeof(*paths));
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], NAME, "dir-%zu/file-%zu.bin", i % 997, i);
        paths[i] = names[i];
    }
    const char *twin = "untouched";
    cr_expect_eq(path_check_all(paths, MANY, PATH_TWINS_REFUSED, &twin, NULL), OK);
    cr_expect_null(twin);
    memcpy(names[MANY - 1], "dir-7/FILE-7.bin", sizeof("dir-7/FILE-7.bin"));
    cr_expect_eq(path_check_all(paths, MANY, PATH_TWINS_REFUSED, &twin, NULL), ERR_REFUSED);
    mem_free(paths);
    mem_free(names);
}
