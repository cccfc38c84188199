#include "cli/help.h"

#include <string.h>

enum { LEFT_COLUMN = 28, LINE_WIDTH = 79 };

static const struct {
    const char *synopsis;
    const char *line; // in the list of commands
    const char *text; // above the flags
} COMMANDS[] = {
    [COMMAND_GET] = {"get SOURCE [FILE|DIR/]...", "fetch, verify, publish",
                     "Fetches SOURCE, checks every byte while it arrives, and gives files their\n"
                     "final names only then. Prints the directory, or the one file asked for."},
    [COMMAND_PLAN] = {"plan SOURCE [FILE|DIR/]...", "say what get would do, and do nothing",
                      "Says what get would do with the same flags: files, sizes, digests, what is\n"
                      "there, bytes to fetch."},
    [COMMAND_VERIFY] = {"verify SOURCE|DIR", "hash again what is on disk",
                        "Hashes what is on disk again and compares it with the listing."},
};

static const char *const GROUPS[] = {
    [GROUP_WHAT] = "What to fetch", [GROUP_WHERE] = "Where it goes",
    [GROUP_WHO] = "Access",         [GROUP_HOW] = "How",
    [GROUP_OUTPUT] = "Output",      [GROUP_OTHER] = "Other",
};

static const char SOURCES[] =
    "SOURCE is one of\n"
    "  ORG/NAME[@REV]              a model repo on the Hub\n"
    "  hf://datasets/ORG/NAME      a dataset; hf://spaces/ORG/NAME for a space\n"
    "  https://huggingface.co/…    a repo or file there, by its URL\n"
    "  https://…                   one file (#sha256=HEX pins its digest)\n"
    "  ./FILE, /FILE, -            a manifest or SHA256SUMS list\n";

static const char CODES[] =
    "Exit status: 0 ok, 1 internal, 2 usage, 3 not found, 4 auth, 5 integrity,\n"
    "6 disk, 7 rate limited, 8 network, 10 partial, 11 refused, 12 busy, 13 memory,\n"
    "128+N signal N.\n";

/* ---- one flag ---- */

static void pad_to(struct buf *b, size_t line_start, size_t column)
{
    do {
        buf_addc(b, ' ');
    } while (b->len - line_start < column);
}

/* Words of `text` from LEFT_COLUMN on, broken before LINE_WIDTH. */
static void add_wrapped(struct buf *b, const char *text)
{
    size_t used = 0;
    while (*text) {
        size_t word = strcspn(text, " ");
        if (used && used + 1 + word > LINE_WIDTH - LEFT_COLUMN) {
            buf_addc(b, '\n');
            size_t start = b->len;
            pad_to(b, start, LEFT_COLUMN);
            used = 0;
        }
        if (used) buf_addc(b, ' ');
        used += word + (used ? 1 : 0);
        buf_add(b, text, word);
        text += word;
        text += strspn(text, " ");
    }
    buf_addc(b, '\n');
}

static void add_help_text(struct buf *b, const struct option *row)
{
    struct buf text;
    buf_init(&text, 1024);
    buf_adds(&text, row->help);
    if (row->fallback) buf_addf(&text, " (default: %s)", row->fallback);
    if (row->env) {
        buf_adds(&text, " [");
        for (const char *c = row->env; *c; c++)
            buf_adds(&text, *c == ' ' ? ", " : (char[]){*c, 0});
        buf_addc(&text, ']');
    }
    add_wrapped(b, buf_str(&text));
    buf_done(&text);
}

static void add_flag(struct buf *b, const struct option *row)
{
    size_t start = b->len;
    if (row->letter) {
        buf_addf(b, "  -%c, --%s", row->letter, row->name);
    } else {
        buf_addf(b, "      --%s", row->name);
    }
    if (row->arg) buf_addf(b, " %s", row->arg);
    if (b->len - start + 1 > LEFT_COLUMN) {
        buf_addc(b, '\n');
        start = b->len;
    }
    pad_to(b, start, LEFT_COLUMN);
    add_help_text(b, row);
}

static void add_group(struct buf *b, enum option_group group, unsigned commands)
{
    size_t count;
    const struct option *rows = options_rows(&count);
    bool titled = false;
    for (size_t i = 0; i < count && rows[i].name; i++) {
        if (rows[i].group != group || !(rows[i].commands & commands)) continue;
        if (!titled) buf_addf(b, "\n%s:\n", GROUPS[group]);
        titled = true;
        add_flag(b, &rows[i]);
    }
}

void help_command(enum settings_command command, struct buf *ret)
{
    buf_addf(ret, "usage: shardfetch %s [FLAG]...\n\n%s\n\n%s", COMMANDS[command].synopsis,
             COMMANDS[command].text, SOURCES);
    for (size_t group = 0; group < ARRAY_LEN(GROUPS); group++)
        add_group(ret, (enum option_group)group, 1U << command);
    buf_addf(ret, "\n%s", CODES);
}

void help_program(struct buf *ret)
{
    buf_adds(ret, "usage: shardfetch COMMAND SOURCE [ARGUMENT]... [FLAG]...\n\n"
                  "Fetches and verifies the shards of models.\n\nCommands:\n");
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        size_t start = ret->len;
        buf_addf(ret, "  %s", COMMANDS[i].synopsis);
        pad_to(ret, start, 32);
        buf_addf(ret, "%s\n", COMMANDS[i].line);
    }
    buf_adds(ret, "  COMMAND --help                the flags of a command\n"
                  "  --version                     versions of shardfetch and its libraries\n\n");
    buf_addf(ret, "%s\n%s", SOURCES, CODES);
}

void help_version(const struct library_versions *v, struct buf *ret)
{
    buf_addf(ret, "shardfetch %s\nlibcurl %s\nOpenSSL %s\nzstd %s\ncJSON %s\n", SHARDFETCH_VERSION,
             v->libcurl, v->openssl, v->zstd, v->cjson);
}
