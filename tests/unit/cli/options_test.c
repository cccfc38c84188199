/* The table itself, and whether everything that repeats it says the same: help, manual page,
 * completions. (tests/cli/completions.sh asks the shells.) */
#include "cli/options.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

#include "cli/help.h"
#include "cli/slurp.h"
#include "download/base/mem.h"
#include "download/base/str.h"

static const char MAN[] = SOURCE_PATH "/man/shardfetch.1";
static const char BASH[] = SOURCE_PATH "/completions/shardfetch.bash";
static const char ZSH[] = SOURCE_PATH "/completions/_shardfetch";
static const char FISH[] = SOURCE_PATH "/completions/shardfetch.fish";

static char *text_of(const char *path)
{
    char *text = NULL;
    struct why why = {""};
    cr_assert_eq(slurp(path, 1 << 20, &text, &why), OK, "%s", why.text);
    return text;
}

static bool is_flag_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* `text` holds MARK + NAME with nothing of a name behind it. */
static bool has_marked(const char *text, const char *mark, const char *name)
{
    SCOPED(mem_freep) char *word = mem_printf("%s%s", mark, name);
    size_t len = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at += len) {
        if (!is_flag_char(at[len])) return true;
    }
    return false;
}

/* Every MARK + NAME in `text` is a flag of the table. */
static void expect_known(const char *path, const char *text, const char *mark)
{
    for (const char *at = text; (at = strstr(at, mark));) {
        at += strlen(mark);
        size_t len = 0;
        while (is_flag_char(at[len]))
            len++;
        if (len == 0 || !isalnum((unsigned char)at[0])) continue;
        cr_expect(option_by_name(at, len), "%s: no such flag: '%.*s'", path, (int)len, at);
    }
}

static void expect_in_step(const char *path, const char *mark)
{
    SCOPED(mem_freep) char *text = text_of(path);
    expect_known(path, text, mark);
    size_t count;
    const struct option *rows = options_rows(&count);
    for (size_t i = 0; i < count && rows[i].name; i++)
        cr_expect(has_marked(text, mark, rows[i].name), "%s lacks '%s'", path, rows[i].name);
}

Test(options, completions_know_exactly_the_flags_of_the_table)
{
    expect_in_step(BASH, "--");
    expect_in_step(ZSH, "--");
    expect_in_step(FISH, " -l ");
}

Test(options, the_manual_page_knows_exactly_the_flags_of_the_table)
{
    expect_in_step(MAN, "Fl Fl ");
    SCOPED(mem_freep) char *text = text_of(MAN);
    size_t count;
    const struct option *rows = options_rows(&count);
    for (size_t i = 0; i < count; i++) {
        SCOPED(mem_freep)
        char *item = !rows[i].name ? NULL
                     : rows[i].letter
                         ? mem_printf("\n.It Fl %c , Fl Fl %s", rows[i].letter, rows[i].name)
                         : mem_printf("\n.It Fl Fl %s", rows[i].name);
        cr_expect(!item || has_marked(text, item, ""), "no item of its own: %s", item);
    }
}

Test(options, the_manual_page_names_all_variables_defaults_and_choices)
{
    SCOPED(mem_freep) char *text = text_of(MAN);
    size_t count;
    const struct option *rows = options_rows(&count);
    for (size_t i = 0; i < count; i++) {
        for (const char *at = rows[i].env; at && *at;) {
            size_t len = strcspn(at, " ");
            SCOPED(mem_freep) char *item = mem_printf("Ev %.*s", (int)len, at);
            cr_expect(strstr(text, item), "man lacks %s", item);
            at += len + (at[len] == ' ');
        }
        if (rows[i].kind != KIND_CHOICE) continue;
        for (const char *at = rows[i].arg; *at;) {
            size_t len = strcspn(at, "|");
            SCOPED(mem_freep) char *word = mem_strndup(at, len);
            cr_expect(strstr(text, word), "man lacks %s of --%s", word, rows[i].name);
            at += len + (at[len] == '|');
        }
    }
}

/* Lines of the fish file with a condition, and the second list of the zsh file, are what verify
 * does not know. */
Test(options, completions_know_which_flags_verify_has)
{
    SCOPED(mem_freep) char *zsh = text_of(ZSH);
    SCOPED(mem_freep) char *fish = text_of(FISH);
    char *zsh_fetch = strstr(zsh, "fetch=(");
    char *fish_fetch = strstr(fish, "# get and plan only");
    cr_assert(zsh_fetch && fish_fetch);
    size_t count;
    const struct option *rows = options_rows(&count);
    for (size_t i = 0; i < count && rows[i].name; i++) {
        bool fetch_only = !(rows[i].commands & ON_VERIFY);
        bool in_zsh = has_marked(zsh_fetch, "'--", rows[i].name) ||
                      has_marked(zsh_fetch, "'*--", rows[i].name); // may be repeated
        cr_expect_eq(in_zsh, fetch_only, "zsh %s", rows[i].name);
        cr_expect_eq(has_marked(fish_fetch, " -l ", rows[i].name), fetch_only, "fish %s",
                     rows[i].name);
    }
}

Test(options, help_lists_a_commands_flags_and_no_others)
{
    for (unsigned command = COMMAND_GET; command <= COMMAND_VERIFY; command++) {
        SCOPED(buf_done) struct buf b;
        buf_init(&b, 1 << 16);
        help_command((enum settings_command)command, &b);
        size_t count;
        const struct option *rows = options_rows(&count);
        for (size_t i = 0; i < count && rows[i].name; i++) {
            bool listed = has_marked(buf_str(&b), "  --", rows[i].name) ||
                          has_marked(buf_str(&b), ", --", rows[i].name);
            cr_expect_eq(listed, (rows[i].commands & (1U << command)) != 0, "%s", rows[i].name);
        }
    }
}

Test(options, names_letters_and_fields_are_unique)
{
    size_t count;
    const struct option *rows = options_rows(&count);
    for (size_t i = 0; i < count; i++) {
        cr_expect(rows[i].name || rows[i].env);
        cr_expect(rows[i].help && rows[i].commands < 2 * ON_VERIFY);
        if (rows[i].name)
            cr_expect_eq(option_by_name(rows[i].name, strlen(rows[i].name)), &rows[i]);
        if (rows[i].letter) cr_expect_eq(option_by_letter(rows[i].letter), &rows[i]);
        if (rows[i].name && i > 0) cr_expect(rows[i - 1].name, "rows without a name come last");
        cr_expect_eq(option_takes_argument(&rows[i]) && rows[i].name, rows[i].arg != NULL);
        for (size_t k = 0; k < i; k++) {
            bool same = rows[k].offset == rows[i].offset;
            cr_expect(!same || rows[i].kind == KIND_VALUE, "%s and %s", rows[k].name, rows[i].name);
        }
    }
}

Test(options, defaults_in_help_are_the_defaults)
{
    struct options o;
    options_init(&o);
    size_t count;
    const struct option *rows = options_rows(&count);
    for (size_t i = 0; i < count; i++) {
        const void *field = (const char *)&o + rows[i].offset;
        uint64_t shown = 0;
        if (rows[i].kind == KIND_COUNT) {
            bool automatic = strcmp(rows[i].fallback, "auto") == 0; // 0
            cr_assert(automatic || str_u64(rows[i].fallback, UINT64_MAX, &shown), "%s",
                      rows[i].name);
            cr_expect_eq(*(const unsigned *)field, shown, "%s", rows[i].name);
        } else if (rows[i].kind == KIND_NUMBER) {
            cr_assert(str_u64(rows[i].fallback, UINT64_MAX, &shown), "%s", rows[i].name);
            cr_expect_eq(*(const uint64_t *)field, shown, "%s", rows[i].name);
        }
    }
    options_done(&o);
}

Test(options, the_nearest_name_is_near)
{
    static const struct {
        const char *name, *nearest;
    } CASES[] = {
        {"revison", "revision"},   {"local_dir", "local-dir"},
        {"cachedir", "cache-dir"}, {"max-worker", "max-workers"},
        {"jsn", "json"},           {"x", NULL},
        {"frobnicate-all", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        const char *nearest = option_nearest(CASES[i].name, ON_ALL);
        cr_expect(str_eq(nearest, CASES[i].nearest), "%s: %s", CASES[i].name,
                  nearest ? nearest : "none");
    }
}
