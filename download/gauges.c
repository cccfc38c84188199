#include "download/gauges.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "download/base/fs.h"
#include "download/base/mem.h"
#include "download/base/str.h"

enum { TEXT_MAX = 512, CGROUPS_MAX = 4096 }; // two lines of a hundred; a path and a line each

static const char CGROUPS[] = "/sys/fs/cgroup"; // cgroups(7)
static const char *const KINDS[] = {
    [PRESSURE_CPU] = "cpu", [PRESSURE_IO] = "io", [PRESSURE_MEMORY] = "memory"};

static bool read_text(int fd, char *ret, size_t size)
{
    ssize_t len = pread(fd, ret, size - 1, 0);
    if (len <= 0) return false;
    ret[len] = '\0';
    return true;
}

static bool read_one(int fd, struct pressure_total *ret)
{
    char text[TEXT_MAX];
    return read_text(fd, text, sizeof(text)) && pressure_parse(text, ret);
}

/* True when any is there. `suffix` of the names: "" or ".pressure". */
static bool open_all(const char *dir, const char *suffix, int *ret_fds)
{
    bool any = false;
    for (size_t kind = 0; kind < PRESSURE_KINDS; kind++) {
        SCOPED(mem_freep) char *path = mem_printf("%s/%s%s", dir, KINDS[kind], suffix);
        ret_fds[kind] = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        struct pressure_total t;
        if (!read_one(ret_fds[kind], &t)) fs_closep(&ret_fds[kind]); // there, but switched off
        any = any || ret_fds[kind] >= 0;
    }
    return any;
}

/* "0::/path" is the one of version 2. The root's is the machine's. */
static void open_own(int *ret_fds)
{
    char text[CGROUPS_MAX];
    SCOPED(fs_closep) int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || !read_text(fd, text, sizeof(text))) return;
    for (char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "0::/", 4) != 0) continue;
        line[strcspn(line, "\n")] = '\0';
        SCOPED(mem_freep) char *dir = mem_printf("%s%s", CGROUPS, line + 3);
        if (line[4]) (void)open_all(dir, ".pressure", ret_fds);
        return;
    }
}

enum err gauges_open(struct gauges *g, const char *other, struct why *why)
{
    for (size_t who = 0; who < PRESSURE_WHO; who++) {
        for (size_t kind = 0; kind < PRESSURE_KINDS; kind++)
            g->fds[who][kind] = -1;
    }
    (void)open_all("/proc/pressure", "", g->fds[PRESSURE_HOST]);
    open_own(g->fds[PRESSURE_OWN]);
    if (!other) return OK;
    SCOPED(mem_freep)
    char *dir = other[0] == '/' ? mem_strdup(other) : mem_printf("%s/%s", CGROUPS, other);
    if (open_all(dir, ".pressure", g->fds[PRESSURE_OTHER])) return OK;
    gauges_close(g);
    return fail(why, ERR_USAGE, "'%s' is no cgroup that tells its pressure", dir);
}

bool gauges_any(const struct gauges *g)
{
    for (size_t kind = 0; kind < PRESSURE_KINDS; kind++) {
        if (g->fds[PRESSURE_HOST][kind] >= 0 || g->fds[PRESSURE_OWN][kind] >= 0) return true;
    }
    return false;
}

void gauges_read(const struct gauges *g, struct pressure_reading *ret)
{
    *ret = (struct pressure_reading){0};
    for (size_t who = 0; who < PRESSURE_WHO; who++) {
        for (size_t kind = 0; kind < PRESSURE_KINDS; kind++) {
            int fd = g->fds[who][kind];
            ret->there[who][kind] = fd >= 0 && read_one(fd, &ret->total[who][kind]);
        }
    }
}

void gauges_close(struct gauges *g)
{
    for (size_t who = 0; who < PRESSURE_WHO; who++) {
        for (size_t kind = 0; kind < PRESSURE_KINDS; kind++)
            fs_closep(&g->fds[who][kind]);
    }
}
