#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "download/plan/select.h"

static const char *const FILES[] = {
    "README.md",
    "config.json",
    "model-00001-of-00002.safetensors",
    "model-00002-of-00002.safetensors",
    "onnx/config.json",
    "onnx/fp16/model.onnx",
    "onnxruntime.txt",
    "original/params.json",
};

enum { FILE_COUNT = ARRAY_LEN(FILES), NAMES = 4 };

static struct listing files(void)
{
    struct listing l = {0};
    for (size_t i = 0; i < FILE_COUNT; i++)
        cr_assert_not_null(listing_add(&l, FILES[i]));
    return l;
}

Test(select, what_is_wanted)
{
    static const struct {
        const char *what;
        const char *names[NAMES], *include[NAMES], *exclude[NAMES];
        const char *want; // one digit per file
    } cases[] = {
        {"all without a word", {0}, {0}, {0}, "11111111"},
        {"one name", {"config.json"}, {0}, {0}, "01000000"},
        {"two names, one twice", {"config.json", "README.md", "config.json"}, {0}, {0}, "11000000"},
        {"a directory", {"onnx/"}, {0}, {0}, "00001100"},
        {"a directory below", {"onnx/fp16/"}, {0}, {0}, "00000100"},
        {"a directory and a name", {"original/", "README.md"}, {0}, {0}, "10000001"},
        {"a glob", {0}, {"*.safetensors"}, {0}, "00110000"},
        {"a star crosses slashes", {0}, {"*.json"}, {0}, "01001001"},
        {"two globs", {0}, {"*.md", "*.txt"}, {0}, "10000010"},
        {"a directory as glob", {0}, {"onnx/"}, {0}, "00001100"},
        {"without some", {0}, {0}, {"onnx*"}, "11110001"},
        {"without a directory", {0}, {0}, {"onnx/", "original/"}, "11110010"},
        {"with and without", {0}, {"*.json"}, {"on*", "or*"}, "01000000"},
        {"a question mark", {0}, {"model-0000?-*"}, {0}, "00110000"},
        {"a set", {0}, {"model-0000[2-9]*"}, {0}, "00010000"},
    };
    struct listing l = files();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct selection s = {cases[i].names, cases[i].include, cases[i].exclude};
        bool wanted[FILE_COUNT];
        memset(wanted, 1, sizeof(wanted));
        struct why why = {""};
        cr_expect_eq(select_files(&s, &l, wanted, &why), OK, "%s: %s", cases[i].what, why.text);
        for (size_t f = 0; f < FILE_COUNT; f++)
            cr_expect_eq(wanted[f], cases[i].want[f] == '1', "%s: %s", cases[i].what, FILES[f]);
    }
    listing_done(&l);
}

Test(select, what_is_not_there_names_the_nearest)
{
    static const struct {
        const char *names[NAMES], *include[NAMES], *exclude[NAMES];
        const char *said;
    } cases[] = {
        {{"confg.json"}, {0}, {0}, "did you mean 'config.json'"},
        {{"readme.md"}, {0}, {0}, "did you mean 'README.md'"},
        {{"params.json"}, {0}, {0}, "did you mean 'original/params.json'"},
        {{"model-00001-of-0002.safetensors"}, {0}, {0}, "'model-00001-of-00002.safetensors'"},
        {{"README.md", "nothing-like-it-at-all.bin"},
         {0},
         {0},
         "no file 'nothing-like-it-at-all.bin'"},
        {{"onnx"}, {0}, {0}, "write 'onnx/'"},
        {{"onnx/fp16"}, {0}, {0}, "write 'onnx/fp16/'"},
        {{"none/"}, {0}, {0}, "'none/'"},
        {{"./config.json"}, {0}, {0}, "did you mean 'config.json'"},
        {{""}, {0}, {0}, "no file ''"},
        {{"a\x1b[2J"}, {0}, {0}, "a\\x1b[2J"},
        {{0}, {"*.gguf"}, {0}, "--include '*.gguf'"},
        {{0}, {"*.gguf", "*.bin"}, {0}, "'*.gguf' or the others"},
        {{0}, {"*.json"}, {"*"}, "--include '*.json'"},
        {{0}, {0}, {"*"}, "--exclude '*'"},
    };
    struct listing l = files();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct selection s = {cases[i].names, cases[i].include, cases[i].exclude};
        bool wanted[FILE_COUNT];
        bool before[FILE_COUNT];
        memset(wanted, 1, sizeof(wanted));
        memset(before, 1, sizeof(before));
        struct why why = {""};
        cr_expect_eq(select_files(&s, &l, wanted, &why), ERR_NOT_FOUND, "%s", cases[i].said);
        cr_expect(strstr(why.text, cases[i].said), "%s", why.text);
        cr_expect_arr_eq(wanted, before, sizeof(wanted));
    }
    listing_done(&l);
}

Test(select, an_empty_repo_is_no_failure)
{
    struct listing l = {0};
    bool wanted[1] = {false};
    const char *const all[] = {"*", NULL};
    const struct selection everything = {0};
    const struct selection include = {.include = all};
    cr_expect_eq(select_files(&everything, &l, wanted, NULL), OK);
    cr_expect_eq(select_files(&include, &l, wanted, NULL), OK);
    const char *const names[] = {"a", NULL};
    const struct selection one = {.names = names};
    cr_expect_eq(select_files(&one, &l, wanted, NULL), ERR_NOT_FOUND);
}
