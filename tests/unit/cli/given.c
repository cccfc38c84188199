#include "tests/unit/cli/given.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/setup.h"
#include "download/base/mem.h"

static char home[] = "/tmp/shardfetch-home-XXXXXX";

static struct words paths;

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st;
    (void)kind;
    (void)walk;
    return remove(path);
}

void given_clean(void)
{
    nftw(home, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    words_done(&paths);
}

const char *given_home(void)
{
    const char *asan = getenv("ASAN_OPTIONS");
    SCOPED(mem_freep) char *kept = mem_strdup(asan);
    clearenv();
    if (kept) setenv("ASAN_OPTIONS", kept, 1);
    cr_assert(mkdtemp(home));
    setenv("HOME", home, 1);
    return home;
}

static void make_parents(char *path)
{
    for (char *slash = path + strlen(home) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
}

const char *given_file(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", home, name);
    make_parents(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    cr_assert(fd >= 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return words_add(&paths, path);
}

void given_words(struct given *g, const char *const *words)
{
    g->argv[0] = mem_strdup("shardfetch");
    g->argc = 1;
    for (; words[g->argc - 1]; g->argc++)
        g->argv[g->argc] = mem_strdup(words[g->argc - 1]);
    g->e = setup(g->argc, g->argv, &g->o, &g->why);
}

void given_done(struct given *g)
{
    for (int i = 0; i < g->argc; i++)
        mem_free(g->argv[i]);
    options_done(&g->o);
}
