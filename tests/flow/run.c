#include "tests/flow/run.h"

#include <string.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/support/proc.h"

enum { WORDS_MAX = 64, LONGEST_MS = 120 * 1000 };

static size_t append(const char **list, size_t n, const char *const *words)
{
    for (; words && *words; words++) {
        cr_assert_lt(n, WORDS_MAX - 1);
        list[n++] = *words;
    }
    return n;
}

struct run run(const char *dir, const char *const *args, const char *const *env)
{
    SCOPED(mem_freep) char *home = mem_printf("HOME=%s", dir);
    SCOPED(mem_freep) char *hf_home = mem_printf("HF_HOME=%s/hf", dir);
    const char *argv[WORDS_MAX] = {SHARDFETCH_PATH};
    const char *envp[WORDS_MAX] = {home, hf_home};
    append(argv, 1, args);
    append(envp, 2, env);
    const struct proc_spec s = {.argv = argv, .env = envp, .cwd = dir};
    struct run r = {0};
    cr_assert(proc_run(&s, LONGEST_MS, &r.proc), "it does not end");
    r.status = proc_status(r.proc);
    r.out = proc_out(r.proc);
    r.err = proc_err(r.proc);
    return r;
}

void run_done(struct run *r)
{
    proc_free(r->proc);
    *r = (struct run){0};
}

bool run_tells(const struct run *r, const char *text)
{
    return strstr(r->out, text) || strstr(r->err, text);
}
