/* Snapshot links made by several workers at once, in one folder and with names so long that nothing
 * can be put before or behind them: each leads to its own content, and none fails. Two of them are
 * the same file, as two processes with one cache would have it. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "download/base/mem.h"
#include "download/base/str.h"
#include "download/dest.h"
#include "tests/support/tmpdir.h"

enum { WORKERS = 4, FILES = 3, ROUNDS = 300, LONGEST_NAME = 255 };

static const char COMMIT[] = "0123456789abcdef0123456789abcdef01234567";

struct worker {
    const struct dest *dest;
    const struct dest_names *names;
    unsigned failed;
    struct why why;
};

static void *link_often(void *user)
{
    struct worker *w = user;
    for (int i = 0; i < ROUNDS; i++)
        w->failed += dest_link(w->dest, w->names, &w->why) != OK;
    return NULL;
}

static void name_file(const struct dest *d, unsigned i, struct dest_names *ret)
{
    char path[LONGEST_NAME + 1];
    memset(path, 'n', LONGEST_NAME);
    path[LONGEST_NAME - 1] = (char)('0' + i);
    path[LONGEST_NAME] = '\0';
    struct listing l = {0};
    struct listing_entry *e = listing_add(&l, path);
    e->size = 5;
    e->digest.kind = DIGEST_SHA256;
    e->digest.bytes[0] = (uint8_t)i;
    dest_names_init(d, e, COMMIT, ret);
    listing_done(&l);
}

static bool leads_right(const char *root, const struct dest_names *n)
{
    char target[256] = "";
    SCOPED(mem_freep) char *path = mem_printf("%s/%s", root, n->link_rel);
    return readlink(path, target, sizeof(target) - 1) > 0 && str_eq(target, n->link_target);
}

static bool run(const char *root, const struct dest *d)
{
    pthread_t threads[WORKERS];
    struct worker workers[WORKERS];
    struct dest_names names[FILES];
    bool right = true;
    for (unsigned i = 0; i < FILES; i++)
        name_file(d, i, &names[i]);
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.dest = d, .names = &names[i % FILES]};
        pthread_create(&threads[i], NULL, link_often, &workers[i]);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
        printf("worker %u: %u of %d failed %s\n", i, workers[i].failed, ROUNDS,
               workers[i].why.text);
        right = right && workers[i].failed == 0;
    }
    for (unsigned i = 0; i < FILES; i++) {
        bool own = leads_right(root, &names[i]);
        if (!own) fprintf(stderr, "link %u leads elsewhere\n", i);
        right = right && own;
        dest_names_done(&names[i]);
    }
    SCOPED(mem_freep) char *folder = mem_printf("models--org--name/snapshots/%s", COMMIT);
    return right && tmpdir_count(root, folder) == 0; // no files, and no temporary names
}

int main(void)
{
    SCOPED(tmpdir_freep) char *root = tmpdir_new();
    struct settings settings = {.cache_dir = root, .no_sync = true};
    struct source_spec spec = {.kind = SOURCE_HUB, .repo = mem_strdup("org/name")};
    SCOPED(dest_freep) struct dest *d = NULL;
    struct why why = {""};
    bool right = dest_open(&settings, &spec, false, &d, &why) == OK && run(root, d);
    source_spec_done(&spec);
    return right ? 0 : 1;
}
