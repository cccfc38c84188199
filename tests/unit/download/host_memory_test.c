#include "download/host_memory.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "tests/support/tmpdir.h"

#define NOW UINT64_C(1767225600)

static const char DIR_NAME[] = "state/shardfetch", FILE_NAME[] = "state/shardfetch/hosts";

static enum err save(const char *root, const char *origin, unsigned connections)
{
    SCOPED(mem_freep) char *dir = mem_printf("%s/%s", root, DIR_NAME);
    SCOPED(mem_freep) struct hosts *learned = mem_new(sizeof(*learned));
    struct host h = {.connections = connections, .seen_s = NOW};
    snprintf(h.origin, sizeof(h.origin), "%s", origin);
    hosts_put(learned, &h);
    return host_memory_save(dir, learned, NOW, NULL);
}

/* 0: not known. */
static unsigned recalled(const char *root, const char *origin)
{
    SCOPED(mem_freep) char *dir = mem_printf("%s/%s", root, DIR_NAME);
    SCOPED(mem_freep) struct hosts *h = mem_new(sizeof(*h));
    host_memory_load(dir, NOW, h);
    struct ramp_memory m = {0};
    return hosts_recall(h, origin, NOW, &m) ? m.connections : 0;
}

static mode_t mode_of(const char *root, const char *rel)
{
    SCOPED(mem_freep) char *path = mem_printf("%s/%s", root, rel);
    struct stat st;
    cr_assert_eq(lstat(path, &st), 0);
    return st.st_mode;
}

Test(host_memory, what_is_saved_is_there_the_next_time_and_nobody_elses_business)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    cr_expect_eq(recalled(dir, "https://a"), 0);
    cr_assert_eq(save(dir, "https://a", 12), OK);
    cr_expect_eq(recalled(dir, "https://a"), 12);
    cr_expect_eq(mode_of(dir, FILE_NAME), S_IFREG | 0600);
    cr_expect_eq(mode_of(dir, DIR_NAME), S_IFDIR | 0700);
    cr_expect_eq(mode_of(dir, "state"), S_IFDIR | 0700);
    cr_expect_eq(tmpdir_count(dir, ""), 1, "nothing is left beside it");
}

Test(host_memory, what_others_wrote_meanwhile_stays)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    cr_assert_eq(save(dir, "https://a", 12), OK);
    cr_assert_eq(save(dir, "https://b", 20), OK);
    cr_assert_eq(save(dir, "https://a", 14), OK);
    cr_expect_eq(recalled(dir, "https://a"), 14);
    cr_expect_eq(recalled(dir, "https://b"), 20);
}

Test(host_memory, a_file_that_is_damaged_is_written_anew)
{
    static const char *const TEXTS[] = {"", "garbage", "shardfetch hosts 1\nhttps://a 12", "{}\n"};
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        tmpdir_put_text(dir, FILE_NAME, TEXTS[i]);
        cr_expect_eq(recalled(dir, "https://a"), 0, "%s", TEXTS[i]);
        cr_assert_eq(save(dir, "https://a", 12), OK);
        cr_expect_eq(recalled(dir, "https://a"), 12, "%s", TEXTS[i]);
    }
}

Test(host_memory, one_that_is_too_large_is_not_read)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(mem_freep) char *text = mem_new(HOSTS_TEXT_MAX + 2);
    memset(text, '\n', HOSTS_TEXT_MAX + 1);
    static const char START[] = "shardfetch hosts 1\nhttps://a 8 0 0 1767225600\n";
    memcpy(text, START, sizeof(START) - 1);
    tmpdir_put_text(dir, FILE_NAME, text);
    cr_expect_eq(recalled(dir, "https://a"), 0);
}

/* Planted by somebody else: neither read through, nor waited for, nor written through. */
Test(host_memory, a_link_or_a_pipe_in_its_place_is_replaced)
{
    for (int pipe = 0; pipe < 2; pipe++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        tmpdir_put_text(dir, "other", "shardfetch hosts 1\nhttps://a 8 0 0 1767225600\n");
        tmpdir_put_text(dir, "state/shardfetch/x", "");
        SCOPED(mem_freep) char *path = mem_printf("%s/%s", dir, FILE_NAME);
        cr_assert_eq(pipe ? mkfifo(path, 0600) : symlink("../../other", path), 0);
        cr_expect_eq(recalled(dir, "https://a"), 0);
        cr_assert_eq(save(dir, "https://b", 12), OK);
        cr_expect_eq(mode_of(dir, FILE_NAME), S_IFREG | 0600);
        SCOPED(mem_freep) char *other = tmpdir_get(dir, "other", NULL);
        cr_expect(strstr(other, "https://a") && !strstr(other, "https://b"));
    }
}

Test(host_memory, a_place_that_cannot_be_written_is_an_error_and_nothing_else)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    tmpdir_put_text(dir, "state", "a file");
    cr_expect_eq(save(dir, "https://a", 12), ERR_DISK);
    cr_expect_eq(recalled(dir, "https://a"), 0);
    cr_expect_eq(tmpdir_size(dir, "state"), 6);
    struct hosts none;
    host_memory_load(NULL, NOW, &none);
    cr_expect_eq(none.count, 0);
}
