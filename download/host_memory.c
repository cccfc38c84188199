#include "download/host_memory.h"

#include "download/base/fs.h"
#include "download/base/mem.h"

static const char NAME[] = "hosts";

static void read_hosts(int dir_fd, uint64_t now_s, struct hosts *ret)
{
    SCOPED(buf_done) struct buf text;
    buf_init(&text, 0);
    ret->count = 0;
    if (fs_read_small(dir_fd, NAME, HOSTS_TEXT_MAX, &text, NULL) == OK) {
        hosts_parse(buf_str(&text), text.len, now_s, ret);
    }
}

void host_memory_load(const char *dir, uint64_t now_s, struct hosts *ret)
{
    SCOPED(fs_closep) int fd = -1;
    ret->count = 0;
    if (dir && fs_open_root(dir, false, &fd, NULL) == OK) read_hosts(fd, now_s, ret);
}

enum err host_memory_save(const char *dir, const struct hosts *learned, uint64_t now_s,
                          struct why *why)
{
    SCOPED(fs_closep) int fd = -1;
    enum err e = fs_open_private_root(dir, &fd, why);
    if (e) return e;
    SCOPED(mem_freep) struct hosts *all = mem_new(sizeof(*all));
    read_hosts(fd, now_s, all); // again: other runs have ended since
    for (size_t i = 0; i < learned->count; i++)
        hosts_put(all, &learned->items[i]);
    SCOPED(buf_done) struct buf text;
    buf_init(&text, HOSTS_TEXT_MAX);
    hosts_print(all, &text);
    return fs_replace_private_file(fd, NAME, text.data, text.len, why);
}
