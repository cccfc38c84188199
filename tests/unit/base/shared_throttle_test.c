#include "download/base/shared_throttle.h"

#include <criterion/criterion.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "tests/support/tmpdir.h"

enum { MB = 1000 * 1000 };

static char *bucket(const char *dir)
{
    return mem_printf("%s/shardfetch-rate", dir);
}

Test(shared_throttle, processes_have_one_throttle_and_it_outlives_them)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    cr_assert_eq(chmod(dir, 0700), 0);
    pid_t child = fork();
    if (child == 0) { // ends in the middle of everything
        struct throttle *t = NULL;
        if (shared_throttle_open(dir, &t, NULL)) _exit(1);
        throttle_set_rate(t, 2 * MB, 0);
        throttle_received(t, 6 * MB, SECOND_NS);
        _exit(0);
    }
    int status = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
    struct throttle *a = NULL;
    struct throttle *b = NULL;
    cr_assert_eq(shared_throttle_open(dir, &a, NULL), OK);
    cr_assert_eq(shared_throttle_open(dir, &b, NULL), OK);
    cr_expect_eq(atomic_load(&a->rate), 2 * MB);
    cr_expect_eq(throttle_wait_ns(a, SECOND_NS), 3 * SECOND_NS - THROTTLE_CREDIT_NS);
    throttle_received(a, 2 * MB, SECOND_NS);
    cr_expect_eq(throttle_wait_ns(b, SECOND_NS), 4 * SECOND_NS - THROTTLE_CREDIT_NS);
    throttle_set_rate(b, 4 * MB, SECOND_NS + SECOND_NS / 20 * 19);
    cr_expect_eq(throttle_wait_ns(a, 2 * SECOND_NS), 3 * SECOND_NS / 2 - SECOND_NS / 20,
                 "what is owed is paid at the new rate");
    shared_throttle_close(a);
    shared_throttle_close(b);
}

Test(shared_throttle, is_this_users_alone)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    cr_assert_eq(chmod(dir, 0700), 0);
    SCOPED(mem_freep) char *path = bucket(dir);
    struct throttle *t = NULL;
    cr_assert_eq(shared_throttle_open(dir, &t, NULL), OK);
    shared_throttle_close(t);
    struct stat st;
    cr_assert_eq(stat(path, &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0600);
    t = NULL;
    cr_assert_eq(chmod(path, 0622), 0);
    cr_expect_eq(shared_throttle_open(dir, &t, NULL), ERR_REFUSED, "others may write it");
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(symlink("/dev/null", path), 0);
    cr_expect_neq(shared_throttle_open(dir, &t, NULL), OK, "a symlink leads elsewhere");
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_expect_neq(shared_throttle_open(dir, &t, NULL), OK, "no file");
    cr_expect_null(t);
}

Test(shared_throttle, a_directory_that_others_may_write_is_not_used)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    cr_assert_eq(chmod(dir, 0777), 0);
    struct throttle *t = NULL;
    cr_expect_eq(shared_throttle_open(dir, &t, NULL), OK);
    SCOPED(mem_freep) char *path = bucket(dir);
    cr_expect_neq(access(path, F_OK), 0, "it is in memory's own directory");
    shared_throttle_close(t);
}
