#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "download/base/mem.h"
#include "tests/support/hub_args.h"
#include "tests/support/proc.h"
#include "tests/support/tmpdir.h"
#include "tests/unit/support/fetch.h"

enum { LONG_MS = 60000 };

static struct proc *start(const char *const *argv, bool in_pipe)
{
    struct proc *p = NULL;
    struct why why = {{0}};
    const struct proc_spec s = {.argv = argv, .in_pipe = in_pipe};
    cr_assert_eq(proc_start(&s, &p, &why), OK, "%s", why.text);
    return p;
}

/* First line of the file: the endpoint (mem_free). */
static char *endpoint_in(const char *dir, const char *name)
{
    char *text = tmpdir_get(dir, name, NULL);
    cr_assert_not_null(text);
    cr_assert_not_null(strstr(text, "\nhttp://127.0.0.1:"), "%s", text);
    *strchr(text, '\n') = '\0';
    return text;
}

Test(hubd, serves_what_its_options_say_and_ends_with_stdin)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    tmpdir_put_text(dir, "repo/hello.txt", "hello");
    SCOPED(mem_freep) char *ports = mem_printf("%s/ports", dir);
    SCOPED(mem_freep) char *served = mem_printf("datasets/org/dir=%s/repo", dir);
    const char *const argv[] = {HUBD_PATH,
                                "--model",
                                "demo/llama:2:64K:7",
                                "--dir",
                                served,
                                "--files",
                                "org/many:3:10",
                                "--gated",
                                "demo/llama",
                                "--token",
                                "hf_t",
                                "--port-file",
                                ports,
                                "--until-eof",
                                "--rate-limit",
                                "api=100/1.5",
                                "--fault",
                                "resolve *000001.bin status=503",
                                NULL};
    SCOPED(proc_freep) struct proc *p = start(argv, true);
    cr_assert(proc_wait_out(p, "\nhttp://127.0.0.1:", LONG_MS), "%s", proc_err(p));
    SCOPED(mem_freep) char *url = endpoint_in(dir, "ports");
    static const struct {
        const char *path;
        long status;
    } cases[] = {
        {"/api/models/demo/llama", 200},
        {"/demo/llama/resolve/main/config.json", 401},
        {"/datasets/org/dir/resolve/main/hello.txt", 307},
        {"/org/many/resolve/main/data/00/00/file-000000.bin", 307},
        {"/org/many/resolve/main/data/00/00/file-000001.bin", 503},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        SCOPED(fetched_done) struct fetch f = fetch_at(url, cases[i].path, NULL);
        cr_expect_eq(f.status, cases[i].status, "%s", cases[i].path);
    }
    proc_close_in(p);
    cr_assert(proc_wait(p, LONG_MS));
    cr_expect_eq(proc_status(p), 0, "%s", proc_err(p));
}

Test(hubd, ends_cleanly_on_signals_also_with_a_stalled_body)
{
    static const int signals[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < 2; i++) {
        const char *const argv[] = {HUBD_PATH, "--files",          "a/b:1:1000",
                                    "--fault", "small * stall=10", NULL};
        SCOPED(proc_freep) struct proc *p = start(argv, false);
        cr_assert(proc_wait_out(p, "\nhttp://127.0.0.1:", LONG_MS));
        SCOPED(mem_freep)
        char *url = mem_strndup(proc_out(p), strcspn(proc_out(p), "\n"));
        SCOPED(fetched_done)
        struct fetch f = fetch_at(url, "/a/b/resolve/main/data/00/00/file-000000.bin",
                                  &(struct fetch_with){.follow = true, .timeout_ms = 2000});
        cr_expect_eq(f.body.len, 10);
        proc_signal(p, signals[i]);
        cr_assert(proc_wait(p, LONG_MS));
        cr_expect_eq(proc_status(p), 0, "%s", proc_err(p));
    }
}

Test(hubd, refuses_what_it_cannot_read)
{
    static const char *const wrong[][3] = {
        {"--nope", NULL},
        {"--model", NULL},
        {"--model", "a/b:1"},
        {"--model", "a/b:1:1"},
        {"--model", "a/b:x:1M"},
        {"--fault", "cdn"},
        {"--rate-limit", "web=1/1"},
        {"--rate-limit", "api=1"},
        {"--dir", "a/b"},
        {"--page-size", "1x"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *const argv[] = {HUBD_PATH, wrong[i][0], wrong[i][1], NULL};
        SCOPED(proc_freep) struct proc *p = start(argv, false);
        cr_assert(proc_wait(p, LONG_MS));
        cr_expect_eq(proc_status(p), 2, "%s %s", wrong[i][0], wrong[i][1] ? wrong[i][1] : "");
        cr_expect_eq(strncmp(proc_err(p), "hubd: ", 6), 0);
    }
}

Test(hubd, help_names_every_option)
{
    const char *const argv[] = {HUBD_PATH, "--help", NULL};
    SCOPED(proc_freep) struct proc *p = start(argv, false);
    cr_assert(proc_wait(p, LONG_MS));
    cr_expect_eq(proc_status(p), 0);
    static const char *const words[] = {"--model", "--replay", "--link-host", "ACTION"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        cr_expect_not_null(strstr(proc_out(p), words[i]), "%s", words[i]);
    }
}
