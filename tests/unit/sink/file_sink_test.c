#include "download/sink/file_sink.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "download/base/fs.h"
#include "download/base/mem.h"
#include "tests/support/tmpdir.h"

enum { LEN = 2 * SLAB_BYTES + 1000 };

struct scene {
    char *dir;
    int fd;
    unsigned char *data; // LEN bytes
    unsigned char *slab;
};

static void scene_init(struct scene *s)
{
    s->dir = tmpdir_new();
    int dir_fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    s->fd = openat(dir_fd, "part", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    close(dir_fd);
    s->data = mem_new(LEN);
    for (size_t i = 0; i < LEN; i++)
        s->data[i] = (unsigned char)(i * 31 + i / 256);
    s->slab = mem_try_pages(SLAB_BYTES);
}

static void scene_done(struct scene *s)
{
    close(s->fd);
    mem_free(s->data);
    mem_free(s->slab);
    tmpdir_free(s->dir);
}

static struct digest digest_of(const void *data, size_t len)
{
    struct hasher *h = hasher_new(DIGEST_SHA256, 0);
    struct digest d;
    cr_assert(hasher_update(h, data, len) && hasher_finish(h, &d));
    hasher_free(h);
    return d;
}

/* All of it by chunks of `chunk`, from file offset `from`. */
static void write_all(struct file_sink *f, const struct scene *s, size_t from, size_t chunk)
{
    for (size_t at = from; at < LEN; at += chunk) {
        size_t n = LEN - at < chunk ? LEN - at : chunk;
        cr_assert_eq(sink_write(&f->sink, s->data + at, n, NULL), OK);
    }
}

static bool part_holds(const struct scene *s, size_t from)
{
    unsigned char *back = mem_new(LEN);
    size_t got = LEN - from;
    cr_assert_eq(fs_read_at(s->fd, back, &got, from, "part", NULL), OK);
    bool same = got == LEN - from && memcmp(back, s->data + from, got) == 0;
    mem_free(back);
    return same;
}

static enum err catch_up(const struct scene *s, struct hasher *h, uint64_t to, struct why *why)
{
    SCOPED(mem_freep) unsigned char *slab = mem_try_pages(SLAB_BYTES);
    const struct catch_up c = {.fd = s->fd, .name = "part", .hasher = h, .to = to, .slab = slab};
    return file_sink_catch_up(&c, why);
}

Test(file_sink, puts_bytes_in_their_place_and_into_the_digest)
{
    struct scene s;
    scene_init(&s);
    struct file_sink f;
    file_sink_init(&f, s.fd, "part", 0, hasher_new(DIGEST_SHA256, 0));
    f.sink.slab = s.slab;
    write_all(&f, &s, 0, 16384);
    cr_expect_eq(f.sink.stored, 2 * SLAB_BYTES, "whole slabs only");
    cr_assert_eq(sink_flush(&f.sink, NULL), OK);
    cr_expect_eq(f.sink.stored, LEN);
    cr_expect(part_holds(&s, 0));
    cr_expect_gt(f.sink.write_ns, 0, "what it took");
    cr_expect_gt(f.sink.hash_ns, 0);

    struct hasher *h = file_sink_take_hasher(&f);
    struct digest want = digest_of(s.data, LEN);
    struct digest got;
    cr_assert(h && hasher_finish(h, &got));
    cr_expect(digest_equal(&got, &want));
    cr_expect_null(file_sink_take_hasher(&f), "it was moved out");
    hasher_free(h);
    scene_done(&s);
}

Test(file_sink, of_a_later_part_only_writes)
{
    struct scene s;
    scene_init(&s);
    struct file_sink f;
    file_sink_init(&f, s.fd, "part", 777, NULL);
    f.sink.slab = s.slab;
    write_all(&f, &s, 777, 1000);
    cr_assert_eq(sink_flush(&f.sink, NULL), OK);
    cr_expect_eq(f.sink.stored, LEN - 777);
    cr_expect_gt(f.sink.write_ns, 0);
    cr_expect_eq(f.sink.hash_ns, 0);
    cr_expect(part_holds(&s, 777));
    scene_done(&s);
}

Test(file_sink, catches_up_from_what_is_on_disk)
{
    struct scene s;
    scene_init(&s);
    cr_assert_eq(fs_write_at(s.fd, s.data, LEN, 0, "part", NULL), OK);
    struct hasher *h = hasher_new(DIGEST_SHA256, 0);
    cr_assert(hasher_update(h, s.data, 100));
    cr_expect_eq(catch_up(&s, h, 70000, NULL), OK);
    cr_expect_eq(hasher_bytes(h), 70000);
    cr_expect_eq(catch_up(&s, h, LEN, NULL), OK);
    struct digest want = digest_of(s.data, LEN);
    struct digest got;
    cr_assert(hasher_finish(h, &got));
    cr_expect(digest_equal(&got, &want));
    hasher_free(h);
    scene_done(&s);
}

Test(file_sink, notices_a_file_that_is_shorter_than_promised)
{
    struct scene s;
    scene_init(&s);
    cr_assert_eq(fs_write_at(s.fd, s.data, 1000, 0, "part", NULL), OK);
    struct hasher *h = hasher_new(DIGEST_SHA256, 0);
    struct why why = {""};
    cr_expect_eq(catch_up(&s, h, LEN, &why), ERR_DISK);
    cr_expect(strstr(why.text, "'part'"));
    hasher_free(h);
    scene_done(&s);
}

Test(file_sink, says_when_the_disk_refuses)
{
    struct scene s;
    scene_init(&s);
    SCOPED(fs_closep) int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    struct file_sink f;
    file_sink_init(&f, full, "part", 0, NULL);
    f.sink.slab = s.slab;
    struct why why = {""};
    cr_assert_eq(sink_write(&f.sink, s.data, 1000, &why), OK, "still in the slab");
    cr_expect_eq(sink_flush(&f.sink, &why), ERR_DISK);
    cr_expect_eq(f.sink.stored, 0);
    cr_expect(strstr(why.text, "No space left"));
    scene_done(&s);
}
