/* tempdir.h - a directory of its own for one test, gone afterwards. Failures end the test. */
#ifndef SHARDFETCH_TESTS_TEMPDIR_H
#define SHARDFETCH_TESTS_TEMPDIR_H

#include <stddef.h>

struct tempdir {
    char path[512]; // below $TMPDIR or /tmp
    int fd;
};

void tempdir_init(struct tempdir *t);
void tempdir_done(struct tempdir *t); // removes all that is in it
/* Writes a file below it; makes missing directories. */
void tempdir_write(const struct tempdir *t, const char *rel, const void *data, size_t len);

#endif
