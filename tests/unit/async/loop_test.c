#include "download/async/loop.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "download/async/pool.h"
#include "download/base/clock.h"
#include "download/base/scoped.h"

static struct loop *new_loop(void)
{
    struct loop *l = NULL;
    cr_assert_eq(loop_new(&l, NULL), OK);
    return l;
}

enum { MARKS = 8 };
static int order[MARKS];
static int marks;

struct mark {
    struct timer timer;
    struct post post;
    int number;
};

static void fired(struct timer *t)
{
    order[marks++] = container_of(t, struct mark, timer)->number;
}

static void delivered(struct post *p)
{
    order[marks++] = container_of(p, struct mark, post)->number;
}

static struct mark mark(int number)
{
    return (struct mark){.number = number, .post = {.deliver = delivered}};
}

Test(loop, timers_fire_in_the_order_of_their_times)
{
    struct loop *l = new_loop();
    struct mark items[] = {mark(0), mark(1), mark(2)};
    uint64_t now = loop_now_ns(l);
    for (int i = 0; i < 3; i++)
        timer_init(&items[i].timer, fired);
    timer_set(l, &items[0].timer, now + 2);
    timer_set(l, &items[1].timer, now + 1);
    timer_set(l, &items[2].timer, now + 2);
    loop_turn(l);
    cr_expect_eq(marks, 3);
    cr_expect(order[0] == 1 && order[1] == 0 && order[2] == 2, "equal times: first set first");
    cr_expect_not(timer_is_set(&items[0].timer));
    loop_free(l);
}

Test(loop, a_timer_can_be_moved_and_cancelled)
{
    struct loop *l = new_loop();
    struct mark items[] = {mark(0), mark(1)};
    timer_init(&items[0].timer, fired);
    timer_init(&items[1].timer, fired);
    timer_set(l, &items[0].timer, loop_now_ns(l) + 3600 * SECOND_NS);
    timer_set(l, &items[1].timer, 0);
    timer_cancel(&items[1].timer);
    timer_cancel(&items[1].timer);
    timer_set(l, &items[0].timer, 0);
    loop_turn(l);
    cr_expect_eq(marks, 1);
    cr_expect_eq(order[0], 0);
    loop_free(l);
}

static struct loop *loop_of_again;

static void set_again(struct timer *t)
{
    marks++;
    timer_set(loop_of_again, t, 0);
}

Test(loop, a_timer_set_by_itself_waits_for_the_next_turn)
{
    loop_of_again = new_loop();
    struct timer t;
    timer_init(&t, set_again);
    timer_set(loop_of_again, &t, 0);
    loop_turn(loop_of_again);
    cr_expect_eq(marks, 1);
    loop_turn(loop_of_again);
    cr_expect_eq(marks, 2);
    timer_cancel(&t);
    loop_free(loop_of_again);
}

Test(loop, posts_are_delivered_once_and_in_order)
{
    struct loop *l = new_loop();
    struct mark items[] = {mark(5), mark(6)};
    loop_post(l, &items[0].post);
    loop_post(l, &items[1].post);
    cr_expect_eq(marks, 0, "never from inside the call");
    loop_turn(l);
    loop_drain(l);
    cr_expect_eq(marks, 2);
    cr_expect(order[0] == 5 && order[1] == 6);
    loop_free(l);
}

static void *raise_one(void *l)
{
    loop_raise(l, 4);
    return NULL;
}

static void add_bits(void *user, unsigned bits)
{
    unsigned *all = user;
    *all += bits;
}

Test(loop, a_raise_ends_a_wait_without_timers)
{
    struct loop *l = new_loop();
    unsigned bits = 0;
    loop_on_raise(l, add_bits, &bits);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, raise_one, l), 0);
    while (!bits)
        loop_turn(l);
    pthread_join(thread, NULL);
    cr_expect_eq(bits, 4);
    loop_free(l);
}

Test(loop, raises_before_a_turn_are_given_as_one_and_only_once)
{
    struct loop *l = new_loop();
    unsigned bits = 0;
    loop_on_raise(l, add_bits, &bits);
    loop_raise(l, 1);
    loop_raise(l, 2);
    loop_raise(l, 1);
    cr_expect_eq(bits, 0, "never from inside the call");
    loop_turn(l);
    cr_expect_eq(bits, 3);
    loop_drain(l);
    cr_expect_eq(bits, 3);
    loop_free(l);
}

Test(loop, a_descriptor_ends_a_turn_too)
{
    struct loop *l = new_loop();
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    cr_assert_eq(write(ends[1], "x", 1), 1);
    cr_expect(loop_turn_with(l, ends[0]));
    char x;
    cr_assert_eq(read(ends[0], &x, 1), 1);
    loop_raise(l, 1);
    cr_expect_not(loop_turn_with(l, ends[0]), "a raise ended it");
    close(ends[1]);
    cr_expect(loop_turn_with(l, ends[0]), "its end is something to read, too");
    close(ends[0]);
    loop_free(l);
}

Test(loop, a_virtual_clock_jumps_to_the_next_timer)
{
    struct loop *l = NULL;
    cr_assert_eq(loop_new_virtual(&l, NULL), OK);
    struct mark items[] = {mark(0), mark(1)};
    timer_init(&items[0].timer, fired);
    timer_init(&items[1].timer, fired);
    uint64_t start = loop_now_ns(l);
    timer_set(l, &items[0].timer, start + 3600 * SECOND_NS);
    timer_set(l, &items[1].timer, start + 60 * SECOND_NS);
    loop_turn(l);
    cr_expect_eq(loop_now_ns(l), start + 60 * SECOND_NS);
    cr_expect(marks == 1 && order[0] == 1);
    loop_post(l, &items[1].post);
    loop_turn(l);
    cr_expect_eq(loop_now_ns(l), start + 60 * SECOND_NS, "there was something to do now");
    loop_turn(l);
    cr_expect_eq(loop_now_ns(l), start + 3600 * SECOND_NS);
    loop_turn(l);
    cr_expect_eq(marks, 3, "and nothing waits where nothing is left");
    loop_free(l);
}

Test(loop, a_closed_loop_takes_no_posts_but_delivers_what_it_has)
{
    struct loop *l = new_loop();
    struct mark items[] = {mark(0), mark(1)};
    cr_expect(loop_post(l, &items[0].post));
    loop_close(l);
    cr_expect_not(loop_post(l, &items[1].post));
    loop_turn(l);
    cr_expect(marks == 1 && order[0] == 0);
    loop_free(l);
}

struct work {
    struct job job;
    pthread_t worker;
    int worked, done;
};

static void do_work(struct job *j)
{
    struct work *w = container_of(j, struct work, job);
    w->worked++;
    w->worker = pthread_self();
}

static void work_done(struct job *j)
{
    container_of(j, struct work, job)->done++;
}

static void run_jobs(unsigned threads)
{
    struct loop *l = new_loop();
    struct pool *p = NULL;
    cr_assert_eq(pool_new(l, threads, 4096, &p, NULL), OK);
    struct work works[20] = {{.worked = 0}};
    int left = 0;
    for (size_t i = 0; i < ARRAY_LEN(works); i++) {
        works[i].job = (struct job){.work = do_work, .done = work_done};
        pool_run(p, &works[i].job);
        cr_expect_eq(works[i].done, 0, "never from inside the call");
    }
    do {
        loop_turn(l);
        left = 0;
        for (size_t i = 0; i < ARRAY_LEN(works); i++)
            left += works[i].done == 0;
    } while (left);
    for (size_t i = 0; i < ARRAY_LEN(works); i++) {
        cr_expect(works[i].worked == 1 && works[i].done == 1);
        bool here = pthread_equal(works[i].worker, pthread_self()) != 0;
        cr_expect_eq(here, threads == 0);
    }
    pool_free(p);
    loop_free(l);
}

Test(pool, without_threads_works_here_and_tells_later)
{
    run_jobs(0);
}

Test(pool, with_threads_works_there_and_tells_here)
{
    run_jobs(3);
}

Test(pool, freed_early_still_does_what_it_was_given)
{
    struct loop *l = new_loop();
    struct pool *p = NULL;
    cr_assert_eq(pool_new(l, 1, 0, &p, NULL), OK);
    struct work w = {.job = {.work = do_work, .done = work_done}};
    pool_run(p, &w.job);
    pool_free(p);
    loop_drain(l);
    cr_expect(w.worked == 1 && w.done == 1);
    loop_free(l);
}

/* ---- one that posts without end ---- */

struct steady {
    struct loop *loop;
    struct post post;
    struct timer timer;
    bool enough;
    unsigned delivered;
};

static void post_again(struct post *p)
{
    struct steady *s = container_of(p, struct steady, post);
    s->delivered++;
    if (!s->enough) cr_assert(loop_post(s->loop, p));
}

static void had_enough(struct timer *t)
{
    container_of(t, struct steady, timer)->enough = true;
}

Test(loop, a_steady_poster_keeps_no_timer_from_firing)
{
    struct steady s = {.loop = new_loop(), .post = {.deliver = post_again}};
    timer_init(&s.timer, had_enough);
    timer_set(s.loop, &s.timer, 0);
    cr_assert(loop_post(s.loop, &s.post));
    while (!s.enough)
        loop_turn(s.loop);
    cr_expect_gt(s.delivered, 1);
    loop_turn(s.loop); // what was left comes without another wake-up
    loop_free(s.loop);
}

/* ---- watched descriptors ---- */

struct watched {
    struct watch watch;
    struct watch *other; // cancelled by it
    unsigned fired;
};

static void on_watched(struct watch *w)
{
    struct watched *seen = container_of(w, struct watched, watch);
    seen->fired++;
    if (seen->other) watch_cancel(seen->other);
}

static void full_pipe(int ends[2])
{
    cr_assert_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    static const char bytes[4096];
    while (write(ends[1], bytes, sizeof(bytes)) > 0) {
    }
}

Test(loop, a_watched_descriptor_ends_the_wait_once)
{
    struct loop *l = new_loop();
    int ends[2];
    full_pipe(ends);
    struct watched w = {0};
    watch_set(l, &w.watch, ends[1], on_watched);
    loop_raise(l, 1);
    loop_turn(l);
    cr_expect_eq(w.fired, 0, "nothing can be written yet");
    close(ends[0]);
    loop_turn(l);
    cr_expect_eq(w.fired, 1);
    loop_raise(l, 1);
    loop_turn(l);
    cr_expect_eq(w.fired, 1);
    close(ends[1]);
    loop_free(l);
}

Test(loop, who_stops_watching_is_not_called)
{
    struct loop *l = new_loop();
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    struct watched second = {0};
    struct watched first = {.other = &second.watch};
    struct watched third = {0};
    watch_cancel(&third.watch);
    watch_set(l, &first.watch, ends[1], on_watched);
    watch_set(l, &second.watch, ends[1], on_watched);
    watch_set(l, &third.watch, ends[1], on_watched);
    watch_cancel(&third.watch);
    loop_turn(l);
    cr_expect_eq(first.fired, 1);
    cr_expect_eq(second.fired, 0, "the first one took it back");
    cr_expect_eq(third.fired, 0);
    close(ends[0]);
    close(ends[1]);
    loop_free(l);
}
