#include "tests/support/tmpdir.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "tests/support/content.h"

static _Noreturn void give_up(const char *what, const char *path)
{
    fprintf(stderr, "%s '%s': %s\n", what, path, strerror(errno));
    abort();
}

char *tmpdir_new(void)
{
    const char *base = getenv("TMPDIR");
    char *dir = mem_printf("%s/shardfetch-test-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(dir)) give_up("cannot make", dir);
    return dir;
}

/* ---- walking a tree ---- */

static void fts_closep(FTS **f)
{
    if (*f) fts_close(*f);
}

static FTS *walk(char *path)
{
    char *roots[] = {path, NULL};
    return fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
}

static void remove_entry(const FTSENT *e)
{
    int failed = 0;
    switch (e->fts_info) {
    case FTS_D: failed = chmod(e->fts_accpath, 0700); break; // before its entries are read
    case FTS_DP: failed = rmdir(e->fts_accpath); break;
    default: failed = unlink(e->fts_accpath); break;
    }
    if (failed && errno != ENOENT) give_up("cannot remove", e->fts_path);
}

void tmpdir_free(char *dir)
{
    if (!dir) return;
    SCOPED(fts_closep) FTS *f = walk(dir);
    for (FTSENT *e; f && (e = fts_read(f));) {
        remove_entry(e);
    }
    mem_free(dir);
}

void tmpdir_freep(char **dir)
{
    tmpdir_free(*dir);
}

size_t tmpdir_count(const char *dir, const char *rel)
{
    size_t n = 0;
    SCOPED(mem_freep) char *path = mem_printf("%s/%s", dir, rel);
    SCOPED(fts_closep) FTS *f = walk(path);
    for (FTSENT *e; f && (e = fts_read(f));) {
        n += e->fts_info == FTS_F;
    }
    return n;
}

/* ---- files ---- */

static void make_parents(char *path, size_t from)
{
    for (char *slash = strchr(path + from, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0755) < 0 && errno != EEXIST) give_up("cannot make", path);
        *slash = '/';
    }
}

void tmpdir_put(const char *dir, const char *rel, const void *data, size_t len)
{
    SCOPED(mem_freep) char *path = mem_printf("%s/%s", dir, rel);
    make_parents(path, strlen(dir) + 1);
    FILE *f = fopen(path, "w");
    if (!f || fwrite(data, 1, len, f) != len || fclose(f) != 0) give_up("cannot write", path);
}

void tmpdir_put_text(const char *dir, const char *rel, const char *text)
{
    tmpdir_put(dir, rel, text, strlen(text));
}

static char *read_all(const char *path, size_t *ret_len)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return NULL;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return NULL;
    }
    size_t size = (size_t)st.st_size;
    char *data = mem_new(size + 1);
    struct content c = content_of_file(fd, size);
    bool whole = content_read(&c, 0, data, size);
    content_done(&c);
    if (!whole) {
        mem_free(data);
        return NULL;
    }
    if (ret_len) *ret_len = size;
    return data;
}

char *tmpdir_get(const char *dir, const char *rel, size_t *ret_len)
{
    SCOPED(mem_freep) char *path = mem_printf("%s/%s", dir, rel);
    return read_all(path, ret_len);
}

bool tmpdir_has(const char *dir, const char *rel)
{
    struct stat st;
    SCOPED(mem_freep) char *path = mem_printf("%s/%s", dir, rel);
    return lstat(path, &st) == 0;
}

int64_t tmpdir_size(const char *dir, const char *rel)
{
    struct stat st;
    SCOPED(mem_freep) char *path = mem_printf("%s/%s", dir, rel);
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) ? (int64_t)st.st_size : -1;
}

bool tmpdir_sha256(const char *dir, const char *rel, char ret_hex[65])
{
    int64_t size = tmpdir_size(dir, rel);
    SCOPED(mem_freep) char *path = mem_printf("%s/%s", dir, rel);
    int fd = size < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    struct content c = content_of_file(fd, (uint64_t)size);
    bool fine = content_sha256(&c, ret_hex);
    content_done(&c);
    return fine;
}

bool tmpdir_contains(const char *dir, const char *text)
{
    bool found = false;
    SCOPED(mem_freep) char *path = mem_strdup(dir);
    SCOPED(fts_closep) FTS *f = walk(path);
    for (FTSENT *e; f && !found && (e = fts_read(f));) {
        size_t len = 0;
        if (e->fts_info != FTS_F) continue;
        SCOPED(mem_freep) char *data = read_all(e->fts_accpath, &len);
        found = data && memmem(data, len, text, strlen(text)) != NULL;
    }
    return found;
}
