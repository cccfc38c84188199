#include "download/burden.h"

#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "download/event.h"
#include "tests/support/tmpdir.h"

enum { TURNS = 5 };

struct heard {
    unsigned warnings, waits, changes;
};

static enum err on_event(void *user, const void *value, struct why *why)
{
    (void)why;
    struct heard *h = user;
    const struct event *e = value;
    h->warnings += e->type == EV_WARNING && !strcmp(e->u.warning.code, "no-pressure");
    h->waits += e->type == EV_WAIT && !strcmp(e->u.wait.cause, "pressure");
    return OK;
}

static void on_change(void *user)
{
    struct heard *h = user;
    h->changes++;
}

/* A burden on a clock of its own, with a cgroup to give way to and no other pressure. */
struct stage {
    char *dir;
    struct loop *loop;
    struct callback_system *events;
    struct emitter emitter;
    struct burden burden;
    struct heard heard;
};

static void press(const struct stage *s, unsigned long long total_us)
{
    SCOPED(mem_freep)
    char *text = mem_printf("some avg10=0.00 avg60=0.00 avg300=0.00 total=%llu\n", total_us);
    tmpdir_put_text(s->dir, "cpu.pressure", text);
}

static void forget_the_machine(struct burden *b)
{
    struct gauges others = b->gauges;
    for (size_t kind = 0; kind < PRESSURE_KINDS; kind++) {
        others.fds[PRESSURE_OTHER][kind] = -1;
        b->gauges.fds[PRESSURE_HOST][kind] = b->gauges.fds[PRESSURE_OWN][kind] = -1;
    }
    gauges_close(&others);
}

static void stage_begin(struct stage *s)
{
    *s = (struct stage){.dir = tmpdir_new()};
    cr_assert_eq(loop_new_virtual(&s->loop, NULL), OK);
    s->events = callback_system_new(&(struct callback_opts){
        .loop = s->loop, .values = &EVENT_VALUES, .mode = WAIT_EVERY_VALUE});
    emit_init(&s->emitter, s->events);
    callback_on_next(s->emitter.all, on_event, &s->heard);
    s->burden = (struct burden){
        .loop = s->loop, .emitter = &s->emitter, .changed = on_change, .user = &s->heard};
    press(s, 0);
    cr_assert_eq(burden_start(&s->burden, s->dir, NULL), OK);
    forget_the_machine(&s->burden);
}

static void stage_end(struct stage *s)
{
    burden_end(&s->burden);
    loop_close(s->loop);
    loop_drain(s->loop);
    callback_system_free(s->events);
    loop_drain(s->loop);
    loop_free(s->loop);
    tmpdir_free(s->dir);
}

static void turns(struct stage *s, int n)
{
    for (int i = 0; i < n; i++)
        loop_turn(s->loop);
}

Test(burden, that_the_kernel_tells_nothing_is_told_once)
{
    SCOPED(stage_end) struct stage s;
    stage_begin(&s);
    cr_expect_eq(s.heard.warnings, 0);
    turns(&s, TURNS);
    cr_expect_eq(s.heard.warnings, 1);
    cr_expect_eq(s.heard.changes, 0, "and the run goes on");
    cr_expect_eq(burden_connections(&s.burden, 8), 8);
}

Test(burden, a_hold_is_told_once_and_ends_by_itself)
{
    SCOPED(stage_end) struct stage s;
    stage_begin(&s);
    press(&s, 600 * 1000);
    turns(&s, 1);
    cr_expect(burden_holds(&s.burden));
    cr_expect_eq(burden_connections(&s.burden, 8), 0);
    cr_expect_eq(s.heard.changes, 1);
    press(&s, 1200 * 1000);
    turns(&s, 1);
    cr_expect(burden_holds(&s.burden));
    cr_expect_eq(s.heard.waits, 1);
    turns(&s, 2);
    cr_expect_not(burden_holds(&s.burden));
    turns(&s, TURNS);
    cr_expect_eq(burden_connections(&s.burden, 8), 8);
    cr_expect_eq(s.heard.waits, 1);
}

Test(burden, a_directory_without_pressure_is_refused)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    struct gauges g;
    struct why why;
    cr_expect_eq(gauges_open(&g, dir, &why), ERR_USAGE);
    cr_expect(strstr(why.text, dir));
    tmpdir_put_text(dir, "io.pressure", "no such thing\n");
    cr_expect_eq(gauges_open(&g, dir, &why), ERR_USAGE);
    tmpdir_put_text(dir, "io.pressure", "some total=1\n");
    cr_assert_eq(gauges_open(&g, dir, &why), OK);
    struct pressure_reading r;
    gauges_read(&g, &r);
    cr_expect(r.there[PRESSURE_OTHER][PRESSURE_IO]);
    cr_expect_eq(r.total[PRESSURE_OTHER][PRESSURE_IO].some_us, 1);
    cr_expect_not(r.there[PRESSURE_OTHER][PRESSURE_MEMORY]);
    gauges_close(&g);
}
