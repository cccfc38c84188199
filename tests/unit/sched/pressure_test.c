#include "download/sched/pressure.h"

#include <criterion/criterion.h>

#include "download/base/clock.h"
#include "download/base/scoped.h"

enum { MOST = 16, HIGH = 1000 };

/* A machine of one pressure, on a clock of its own: a second a turn. */
struct world {
    struct pressure p;
    struct pressure_reading r;
    uint64_t now_ns;
};

static struct world calm_world(void)
{
    struct world w = {.now_ns = SECOND_NS};
    for (size_t who = 0; who < PRESSURE_WHO; who++) {
        for (size_t kind = 0; kind < PRESSURE_KINDS; kind++)
            w.r.there[who][kind] = true;
    }
    pressure_init(&w.p, &w.r, w.now_ns);
    return w;
}

/* One turn in which tasks were stalled for so many ‰ of it; connections allowed after it. */
static unsigned turn(struct world *w, enum pressure_who who, enum pressure_of kind,
                     unsigned permille)
{
    w->now_ns += SECOND_NS;
    w->r.total[who][kind].some_us += permille * 1000;
    w->r.total[who][kind].full_us += permille * 1000;
    pressure_turn(&w->p, &w->r, w->now_ns);
    return pressure_connections(&w->p, MOST);
}

Test(pressure, a_calm_machine_gives_all)
{
    struct world w = calm_world();
    cr_expect_eq(pressure_connections(&w.p, MOST), MOST);
    for (int i = 0; i < 5; i++)
        cr_expect_eq(turn(&w, PRESSURE_HOST, PRESSURE_CPU, 400), MOST);
}

Test(pressure, each_kind_shrinks_as_far_as_its_rule_says)
{
    static const struct {
        const char *name;
        enum pressure_who who;
        enum pressure_of kind;
        unsigned below, at; // ‰ that do nothing, and that shrink
        unsigned least;     // connections after long
    } CASES[] = {
        {"processors", PRESSURE_HOST, PRESSURE_CPU, 940, 950, 8},
        {"processors of our own cgroup", PRESSURE_OWN, PRESSURE_CPU, 940, 950, 8},
        {"disk", PRESSURE_HOST, PRESSURE_IO, 490, 500, 4},
        {"memory", PRESSURE_OWN, PRESSURE_MEMORY, 40, 50, 2},
        {"processors of another", PRESSURE_OTHER, PRESSURE_CPU, 40, 50, 1},
        {"disk of another", PRESSURE_OTHER, PRESSURE_IO, 40, 50, 1},
        {"memory of another", PRESSURE_OTHER, PRESSURE_MEMORY, 15, 20, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct world w = calm_world();
        unsigned n = turn(&w, CASES[i].who, CASES[i].kind, CASES[i].below);
        cr_expect_eq(n, MOST, "%s: %u", CASES[i].name, n);
        n = turn(&w, CASES[i].who, CASES[i].kind, CASES[i].at);
        cr_expect_eq(n, MOST * 7 / 10, "%s: %u", CASES[i].name, n);
        for (int k = 0; k < 30; k++)
            n = turn(&w, CASES[i].who, CASES[i].kind, CASES[i].at);
        cr_expect_eq(n, CASES[i].least, "%s: %u", CASES[i].name, n);
    }
}

Test(pressure, what_is_neither_high_nor_low_changes_nothing)
{
    struct world w = calm_world();
    unsigned n = turn(&w, PRESSURE_HOST, PRESSURE_IO, 600);
    cr_assert_lt(n, MOST);
    for (int i = 0; i < 20; i++)
        cr_expect_eq(turn(&w, PRESSURE_HOST, PRESSURE_IO, 300), n);
    unsigned before = n;
    for (int i = 0; i < 10; i++) {
        n = turn(&w, PRESSURE_HOST, PRESSURE_IO, 200);
        cr_expect_geq(n, before);
        before = n;
    }
    cr_expect_eq(n, MOST, "and calm gives all of it back");
}

Test(pressure, a_hold_ends_with_the_second_calm_turn)
{
    struct world w = calm_world();
    cr_expect_eq(turn(&w, PRESSURE_OTHER, PRESSURE_CPU, HIGH), 0);
    cr_expect_eq(turn(&w, PRESSURE_OTHER, PRESSURE_CPU, 0), 0);
    cr_expect_eq(turn(&w, PRESSURE_OTHER, PRESSURE_CPU, 40), 0, "not calm: from the start");
    cr_expect_eq(turn(&w, PRESSURE_OTHER, PRESSURE_CPU, 0), 0);
    cr_expect_gt(turn(&w, PRESSURE_OTHER, PRESSURE_CPU, 0), 0);
}

Test(pressure, processors_and_disk_of_a_busy_machine_stop_nothing)
{
    struct world w = calm_world();
    for (int i = 0; i < 30; i++) {
        turn(&w, PRESSURE_HOST, PRESSURE_CPU, HIGH);
        cr_expect_gt(turn(&w, PRESSURE_HOST, PRESSURE_IO, HIGH), 0);
    }
}

Test(pressure, what_is_not_there_or_begins_anew_is_no_pressure)
{
    struct world w = calm_world();
    w.r.there[PRESSURE_OTHER][PRESSURE_CPU] = false;
    cr_expect_eq(turn(&w, PRESSURE_OTHER, PRESSURE_CPU, HIGH), MOST);
    w.r.there[PRESSURE_OTHER][PRESSURE_CPU] = true;
    cr_expect_eq(turn(&w, PRESSURE_OTHER, PRESSURE_CPU, HIGH), MOST, "nothing to compare with");
    w.r.total[PRESSURE_OTHER][PRESSURE_CPU] = (struct pressure_total){0};
    cr_expect_eq(turn(&w, PRESSURE_OTHER, PRESSURE_CPU, 10), MOST);
}

Test(pressure, reads_what_kernels_write)
{
    static const char BOTH[] = "some avg10=1.05 avg60=0.89 avg300=0.55 total=181677536\n"
                               "full avg10=0.77 avg60=0.35 avg300=0.18 total=83857014\n";
    struct pressure_total t = {7, 7};
    cr_assert(pressure_parse(BOTH, &t));
    cr_expect_eq(t.some_us, 181677536);
    cr_expect_eq(t.full_us, 83857014);
    cr_assert(pressure_parse("some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n", &t));
    cr_expect_eq(t.some_us, 5);
    cr_expect_eq(t.full_us, 0);
    static const char *const BAD[] = {"",
                                      "some",
                                      "some total=",
                                      "some avg10=0 total=-1\n",
                                      "something total=4\n",
                                      "full avg10=0 total=3\n"};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++)
        cr_expect_not(pressure_parse(BAD[i], &t), "'%s'", BAD[i]);
    cr_expect_eq(t.some_us, 5, "untouched");
}
