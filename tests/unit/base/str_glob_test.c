#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/base/str.h"

/* As CPython 3.11's fnmatch.fnmatchcase gives them. */
static const struct {
    const char *pattern;
    const char *path;
    bool match;
} VERDICTS[] = {
    {"", "", true},
    {"", "a", false},
    {"a", "", false},
    {"config.json", "config.json", true},
    {"config.json", "Config.json", false},
    {"config.json", "sub/config.json", false},
    {"*", "", true},
    {"*", "any/thing/.hidden", true},
    {"*.safetensors", "a/b/model.safetensors", true},
    {"*.safetensors", "model.safetensors.index.json", false},
    {"a*b*c", "a/b/b/c", true},
    {"a*b*c", "a/b/b/c/d", false},
    {"**", "x", true},
    {"?", "", false},
    {"?", "/", true},
    {"?", "ab", false},
    {"a?c",
     "a\xC3\xA9"
     "c",
     true}, // one code point, two bytes
    {"a??c",
     "a\xC3\xA9"
     "c",
     false},
    {"[ab]", "b", true},
    {"[ab]", "c", false},
    {"[!ab]", "c", true},
    {"[!ab]", "a", false},
    {"[^a]", "b", false}, // the caret is a member, not a negation
    {"[^a]", "^", true},
    {"[a-c]x", "bx", true},
    {"[a-c]x", "dx", false},
    {"[c-a]", "b", false}, // an empty range
    {"[!c-a]", "b", true},
    {"[a-]", "-", true},
    {"[-a]", "-", true},
    {"[a-c-e]", "-", true},
    {"[a-c-e]", "d", false},
    {"[]]", "]", true},
    {"[]a]", "a", true},
    {"[!]]", "]", false},
    {"[!]]", "x", true},
    {"[", "[", true},
    {"[a", "[a", true},
    {"[!", "[!", true},
    {"[]", "[]", true},
    {"[!]", "[!]", true},
    {"*[", "ab[", true},
    {"a\\*", "a\\b", true}, // no escapes
    {"a\\*", "a*", false},
    {"[\\]]", "\\]", true}, // a set of one backslash, then a bracket
    {"[\xC3\xA0-\xC3\xBF]", "\xC3\xA9", true},
    {"*.bin", ".bin", true},
    {"a*a", "a", false},
    {"*ab", "aab", true},
    {"*a*b", "ab\nb", true},
};

Test(str_glob, matches_what_fnmatchcase_matches)
{
    for (size_t i = 0; i < ARRAY_LEN(VERDICTS); i++) {
        cr_expect_eq(str_glob(VERDICTS[i].pattern, VERDICTS[i].path), VERDICTS[i].match,
                     "'%s' on '%s'", VERDICTS[i].pattern, VERDICTS[i].path);
    }
}

Test(str_glob, a_directory_means_all_below)
{
    cr_expect(str_glob("onnx/", "onnx/model.onnx"));
    cr_expect(str_glob("onnx/", "onnx/a/b"));
    cr_expect(!str_glob("onnx/", "onnx"));
    cr_expect(!str_glob("onnx/", "onnx.json"));
    cr_expect(!str_glob("onnx/", "sub/onnx/x"));
    cr_expect(str_glob("*/onnx/", "sub/onnx/x"));
    cr_expect(!str_glob("*/onnx/", "sub/onnx2/x"));
    cr_expect(str_glob("v[12]/", "v2/x"));
}

Test(str_glob, bytes_that_are_no_utf8_are_characters)
{
    cr_expect(str_glob("a?c", "a\xFF"
                              "c"));
    cr_expect(str_glob("a\xFF*", "a\xFF"
                                 "c"));
    cr_expect(!str_glob("a\xFE*", "a\xFF"
                                  "c"));
    cr_expect(!str_glob("[\xC3\xBF]", "\xFF"), "0xFF is not U+00FF");
}

/* Exponential matchers and even cubic ones do not end within the test's time. */
Test(str_glob, hostile_patterns_cost_the_product_of_both_lengths, .timeout = 20)
{
    enum { LEN = 4000 };
    SCOPED(mem_freep) char *pattern = mem_new(LEN + 2);
    SCOPED(mem_freep) char *path = mem_new(LEN + 2);
    memset(path, 'a', LEN);
    for (size_t i = 0; i < LEN; i += 2)
        memcpy(pattern + i, "*a", 2);
    memcpy(pattern + LEN, "b", 2);
    cr_expect(!str_glob(pattern, path));

    memset(pattern, '[', LEN);
    pattern[0] = '*';
    memset(path, '[', LEN);
    path[LEN] = 'x';
    cr_expect(!str_glob(pattern, path));
    pattern[LEN] = ']';
    cr_expect(!str_glob(pattern, path));
}
