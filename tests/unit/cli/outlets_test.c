#include "cli/outlets.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "download/base/json.h"
#include "download/base/mem.h"
#include "tests/unit/cli/sample.h"

/* A run that tells some events and then finds no memory. Does not return. */
static void run_out_of_memory(int fd, size_t events)
{
    char name[16];
    snprintf(name, sizeof(name), "fd:%d", fd);
    struct options o = {.quiet = true, .events = name, .progress = "none"};
    static struct outlets out;
    struct download *d = download_new(&o.settings);
    struct callback *all = callback_system_register(download_events(d), CALLBACK_EVENT);
    if (outlets_open(&out, &o, d, NULL)) _exit(99);
    mem_on_failure(outlets_out_of_memory);
    size_t count;
    const struct event *run = sample_run(&count);
    for (size_t i = 0; i < events; i++)
        callback_set(all, &run[i]);
    volatile size_t too_many = SIZE_MAX;
    void *never = mem_array(too_many, 2);
    mem_free(never);
    _exit(98);
}

/* The lines of such a run; its exit code has been checked. */
static void lines_of(size_t events, struct buf *ret)
{
    int fds[2];
    cr_assert_eq(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) run_out_of_memory(fds[1], events);
    close(fds[1]);
    char chunk[4096];
    ssize_t n;
    while ((n = read(fds[0], chunk, sizeof(chunk))) > 0)
        buf_add(ret, chunk, (size_t)n);
    close(fds[0]);
    int status = 0;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status));
    cr_assert_eq(WEXITSTATUS(status), 13);
}

Test(outlets, without_memory_there_is_a_result_nevertheless)
{
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 1 << 20);
    lines_of(10, &b); // up to file_done
    b.data[--b.len] = '\0';
    const char *last = strrchr(b.data, '\n') + 1;
    SCOPED(json_doc_freep) struct json_doc *doc = NULL;
    cr_assert_eq(json_parse(last, strlen(last), &doc, NULL), OK, "%s", last);
    const struct json *result = json_root(doc);
    cr_expect_str_eq(json_string(json_get(result, "type")), "result");
    cr_expect_str_eq(json_string(json_get(result, "code")), "memory");
    uint64_t n = 0;
    cr_expect(json_u64(json_get(result, "exit"), &n) && n == 13);
    cr_expect(json_u64(json_get(result, "seq"), &n) && n == 11);
    cr_expect(json_u64(json_get(result, "files_done"), &n) && n == 1);
}

Test(outlets, a_run_that_has_not_begun_has_no_result)
{
    SCOPED(buf_done) struct buf b;
    buf_init(&b, 1 << 20);
    lines_of(0, &b);
    cr_expect_eq(b.len, 0);
}
