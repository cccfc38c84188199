#include "download/sched/hosts.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"

#define NOW   UINT64_C(1767225600)
#define DAY   UINT64_C(86400)
#define FIRST "shardfetch hosts 1\n"

static struct hosts *parsed(const char *text)
{
    struct hosts *h = mem_new(sizeof(*h));
    hosts_parse(text, strlen(text), NOW, h);
    return h;
}

static struct host host(const char *origin, unsigned connections, uint64_t seen_s)
{
    struct host h = {.connections = connections, .seen_s = seen_s};
    snprintf(h.origin, sizeof(h.origin), "%s", origin);
    return h;
}

static const struct {
    const char *name, *line;
    bool counts;
} LINES[] = {
    {"as it is written", "https://cdn.example 24 32 1767225700 1767225000", true},
    {"a port", "http://127.0.0.1:8080 1 0 0 1767225600", true},
    {"an IPv6 address", "http://[::1]:8080 64 64 0 1767225600", true},
    {"almost a day ago", "https://a 8 0 0 1767139201", true},
    {"a day ago", "https://a 8 0 0 1767139200", false},
    {"seen tomorrow", "https://a 8 0 0 1767312000", false},
    {"a ceiling for a week", "https://a 8 9 1767830400 1767225600", false},
    {"no connection", "https://a 0 0 0 1767225600", false},
    {"more than there may be", "https://a 65 0 0 1767225600", false},
    {"a ceiling of more", "https://a 8 65 0 1767225600", false},
    {"a sign", "https://a +8 0 0 1767225600", false},
    {"a fraction", "https://a 8.5 0 0 1767225600", false},
    {"too large for any number", "https://a 99999999999999999999 0 0 1767225600", false},
    {"a field is missing", "https://a 8 0 1767225600", false},
    {"a field more", "https://a 8 0 0 1767225600 1", false},
    {"two spaces", "https://a  8 0 0 1767225600", false},
    {"a space behind", "https://a 8 0 0 1767225600 ", false},
    {"a carriage return", "https://a 8 0 0 1767225600\r", false},
    {"a path", "https://a/b 8 0 0 1767225600", false},
    {"a query", "https://a?X-Amz-Signature=1 8 0 0 1767225600", false},
    {"who asks", "https://user:secret@a 8 0 0 1767225600", false},
    {"another scheme", "ftp://a 8 0 0 1767225600", false},
    {"no host", "https:// 8 0 0 1767225600", false},
    {"no scheme", "a 8 0 0 1767225600", false},
    {"capitals", "https://A 8 0 0 1767225600", false},
    {"another language", "https://\xc3\xa4 8 0 0 1767225600", false},
    {"nothing", "", false},
};

/* Each is a line between two good ones: it never takes them along. */
Test(hosts, a_line_that_is_none_counts_for_nothing)
{
    for (size_t i = 0; i < ARRAY_LEN(LINES); i++) {
        SCOPED(mem_freep)
        char *text = mem_printf(FIRST "https://before 8 0 0 1767225600\n%s\n"
                                      "https://behind 8 0 0 1767225600\n",
                                LINES[i].line);
        SCOPED(mem_freep) struct hosts *h = parsed(text);
        cr_expect_eq(h->count, LINES[i].counts ? 3 : 2, "%s", LINES[i].name);
        struct ramp_memory m;
        cr_expect(hosts_recall(h, "https://before", NOW, &m), "%s", LINES[i].name);
        cr_expect(hosts_recall(h, "https://behind", NOW, &m), "%s", LINES[i].name);
    }
}

Test(hosts, a_text_that_is_another_is_as_good_as_none)
{
    static const char LINE[] = "https://a 8 0 0 1767225600\n";
    static const char *const STARTS[] = {"", "shardfetch hosts 2\n", "shardfetch hosts 1 \n", "\n",
                                         "shardfetch hosts 1\r\n"};
    for (size_t i = 0; i < ARRAY_LEN(STARTS); i++) {
        SCOPED(mem_freep) char *text = mem_printf("%s%s", STARTS[i], LINE);
        SCOPED(mem_freep) struct hosts *h = parsed(text);
        cr_expect_eq(h->count, 0, "'%s'", STARTS[i]);
    }
    SCOPED(mem_freep) struct hosts *cut = parsed(FIRST "https://a 8 0 0 17672256");
    cr_expect_eq(cut->count, 0, "a line without an end");
    struct hosts *none = cut;
    hosts_parse(NULL, 0, NOW, none);
    cr_expect_eq(none->count, 0);
    static const char NUL[] = FIRST "https://a 8 0 0 1767225600\0\n";
    hosts_parse(NUL, sizeof(NUL) - 1, NOW, none);
    cr_expect_eq(none->count, 0);
}

Test(hosts, what_is_written_reads_the_same)
{
    SCOPED(mem_freep)
    struct hosts *h = parsed(FIRST "https://cdn.example 24 32 1767225700 1767225000\n"
                                   "http://[::1]:80 1 0 0 1767225600\n");
    SCOPED(buf_done) struct buf text;
    buf_init(&text, HOSTS_TEXT_MAX);
    hosts_print(h, &text);
    cr_expect_str_eq(buf_str(&text), FIRST "https://cdn.example 24 32 1767225700 1767225000\n"
                                           "http://[::1]:80 1 0 0 1767225600\n");
}

Test(hosts, the_last_word_on_an_origin_counts)
{
    SCOPED(mem_freep)
    struct hosts *h = parsed(FIRST "https://a 24 0 0 1767225600\nhttps://a 8 0 0 1767225000\n");
    cr_assert_eq(h->count, 1);
    cr_expect_eq(h->items[0].connections, 8);
}

Test(hosts, of_too_many_the_one_not_seen_for_longest_goes)
{
    SCOPED(mem_freep) struct hosts *h = mem_new(sizeof(*h));
    for (unsigned i = 0; i < HOSTS_MAX; i++) {
        char name[32];
        snprintf(name, sizeof(name), "https://%u", i);
        struct host one = host(name, 8, NOW - (i == 7 ? 2 : 1));
        hosts_put(h, &one);
    }
    struct host one = host("https://new", 9, NOW);
    hosts_put(h, &one);
    cr_expect_eq(h->count, HOSTS_MAX);
    struct ramp_memory m;
    cr_expect(hosts_recall(h, "https://new", NOW, &m));
    cr_expect_not(hosts_recall(h, "https://7", NOW, &m));
    cr_expect(hosts_recall(h, "https://8", NOW, &m));
}

Test(hosts, a_ceiling_is_recalled_while_it_counts)
{
    SCOPED(mem_freep) struct hosts *h = parsed(FIRST "https://a 24 32 1767225700 1767225000\n");
    struct ramp_memory m;
    cr_assert(hosts_recall(h, "https://a", NOW, &m));
    cr_expect_eq(m.connections, 24);
    cr_expect_eq(m.ceiling, 32);
    cr_expect_eq(m.ceiling_left_ns, 100 * SECOND_NS);
    cr_assert(hosts_recall(h, "https://a", NOW + 100, &m));
    cr_expect_eq(m.connections, 24);
    cr_expect_eq(m.ceiling, 0);
    cr_expect_not(hosts_recall(h, "https://a", NOW + DAY, &m), "a day later");
    cr_expect_not(hosts_recall(h, "http://a", NOW, &m));
}

Test(hosts, only_what_can_be_read_again_is_learned)
{
    static const struct {
        const char *origin;
        struct ramp_memory memory;
        bool learned;
    } cases[] = {
        {"https://a", {.connections = 8}, true},
        {"https://a", {.connections = 64, .ceiling = 64, .ceiling_left_ns = UINT64_MAX}, true},
        {"https://a", {.connections = 0, .ceiling = 8}, false},
        {"https://a", {.connections = 65}, false},
        {"https://a/b?c", {.connections = 8}, false},
        {"", {.connections = 8}, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct host h;
        bool learned = hosts_learned(cases[i].origin, &cases[i].memory, NOW, &h);
        cr_assert_eq(learned, cases[i].learned, "%zu", i);
        if (!learned) continue;
        SCOPED(mem_freep) struct hosts *all = mem_new(sizeof(*all));
        SCOPED(buf_done) struct buf text;
        buf_init(&text, HOSTS_TEXT_MAX);
        hosts_put(all, &h);
        hosts_print(all, &text);
        SCOPED(mem_freep) struct hosts *again = parsed(buf_str(&text));
        struct ramp_memory m;
        cr_expect(hosts_recall(again, cases[i].origin, NOW, &m), "%s", buf_str(&text));
        cr_expect_eq(m.connections, cases[i].memory.connections);
        cr_expect_eq(m.ceiling, cases[i].memory.ceiling);
    }
}
