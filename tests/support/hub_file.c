/* Files of the embedded hub: their ids, computed by as many threads as there are cores. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "tests/support/hub_repo.h"

enum { MAX_THREADS = 16 };

struct hub_file *hub_file_new(struct hub_store *s, const char *path, struct content take_content,
                              bool lfs)
{
    struct hub_file *f = mem_new(sizeof(*f));
    *f = (struct hub_file){
        .id = s->file_count, .path = mem_strdup(path), .lfs = lfs, .content = take_content};
    if (s->file_count == 0 || (s->file_count & (s->file_count - 1)) == 0) {
        size_t room = s->file_count ? 2 * s->file_count : 1;
        s->files = mem_resize(s->files, room * sizeof(struct hub_file *));
    }
    s->files[s->file_count++] = f;
    return f;
}

char *hub_file_pointer(const struct hub_file *f)
{
    return mem_printf("version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %llu\n",
                      f->sha256, (unsigned long long)f->content.size);
}

/* An id that only has to look real and to differ from the SHA-256. */
static void made_up(const char *what, const struct hub_file *f, char ret_hex[SHA256_HEX])
{
    SCOPED(mem_freep)
    char *text = mem_printf("%s %llu %s", what, (unsigned long long)f->content.seed,
                            f->sha256[0] ? f->sha256 : f->path);
    text_sha256(text, ret_hex);
}

bool hub_file_seal(struct hub_file *f, bool real)
{
    if (!f->lfs) {
        if (!content_git_oid(&f->content, f->oid)) return false;
        if (!content_sha256(&f->content, f->sha256)) return false;
        made_up("xet", f, f->xet);
        return true;
    }
    if (!real) {
        made_up("sha256", f, f->sha256);
    } else if (!content_sha256(&f->content, f->sha256)) {
        return false;
    }
    made_up("xet", f, f->xet);
    SCOPED(mem_freep) char *pointer = hub_file_pointer(f);
    text_git_oid(pointer, f->oid);
    return true;
}

struct seal_work {
    struct hub_file **files;
    size_t count;
    bool real;
    atomic_size_t next;
    atomic_bool failed;
};

static void *seal_some(void *user)
{
    struct seal_work *w = user;
    for (;;) {
        size_t i = atomic_fetch_add(&w->next, 1);
        if (i >= w->count) return NULL;
        if (!hub_file_seal(w->files[i], w->real)) atomic_store(&w->failed, true);
    }
}

bool hub_files_seal(struct hub_file **files, size_t count, bool real)
{
    struct seal_work w = {.files = files, .count = count, .real = real};
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t want = cores > 1 ? (size_t)cores - 1 : 0; // this thread works too
    if (want > MAX_THREADS) want = MAX_THREADS;
    if (want >= count) want = count ? count - 1 : 0;

    pthread_t threads[MAX_THREADS];
    size_t started = 0;
    while (started < want && pthread_create(&threads[started], NULL, seal_some, &w) == 0) {
        started++;
    }
    (void)seal_some(&w);
    for (size_t i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    return !atomic_load(&w.failed);
}
