/* measure - runs COMMAND and writes what it took to REPORT, one JSON object: wall_s, user_s, sys_s
 * of the command and of every process it waited for, rss_kib of the largest one of them, exit (128
 * plus the number of the signal that ended it). Ends with the same exit code.
 * A program of its own because a child starts with its parent's memory on its account: measured
 * from Python, nothing would look smaller than Python.
 * usage: bench_measure REPORT COMMAND [ARG]... */
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "download/base/clock.h"

enum { EXIT_NOT_FOUND = 127, EXIT_SIGNAL = 128 }; // as shells do

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static int exit_code(int status)
{
    return WIFSIGNALED(status) ? EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: bench_measure REPORT COMMAND [ARG]...\n", stderr);
        return 2;
    }
    FILE *report = fopen(argv[1], "we");
    if (!report) {
        perror(argv[1]);
        return 1;
    }
    uint64_t start_ns = clock_now_ns();
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(EXIT_NOT_FOUND);
    }
    int status = 0;
    struct rusage use = {0};
    while (child < 0 || wait4(child, &status, 0, &use) < 0) {
        if (child >= 0 && errno == EINTR) continue;
        perror("cannot run the command");
        return 1;
    }
    double wall_s = (double)(clock_now_ns() - start_ns) / (double)SECOND_NS;
    fprintf(report,
            "{\"wall_s\":%.6f,\"user_s\":%.6f,\"sys_s\":%.6f,\"rss_kib\":%ld,\"exit\":%d}\n",
            wall_s, seconds(use.ru_utime), seconds(use.ru_stime), use.ru_maxrss, exit_code(status));
    return fclose(report) == 0 ? exit_code(status) : 1;
}
