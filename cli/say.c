#include "cli/say.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "download/base/buf.h"
#include "download/base/clean.h"

enum { LINE_MAX_BYTES = 64 * 1024 };

static bool write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static void say_line(const char *word, const char *sentence)
{
    struct buf b;
    buf_init(&b, LINE_MAX_BYTES);
    buf_adds(&b, "shardfetch: ");
    if (word) buf_addf(&b, "%s: ", word);
    clean_add(&b, sentence, strlen(sentence));
    buf_addc(&b, '\n');
    write_all(STDERR_FILENO, b.data, b.len); // there is nowhere left to say that this failed
    buf_done(&b);
}

void say_failure(enum err e, const char *sentence)
{
    say_line(err_word(e), sentence);
}

void say(const char *sentence)
{
    say_line(NULL, sentence);
}

enum err say_result(const char *text, size_t len, struct why *why)
{
    if (write_all(STDOUT_FILENO, text, len)) return OK;
    int saved = errno;
    enum err e = fail_errno(why, "cannot write to standard output");
    errno = saved;
    return e;
}

void say_out_of_memory(void)
{
    static const char LINE[] =
        "shardfetch: memory: out of memory; what arrived is kept, the same command goes on\n";
    write_all(STDERR_FILENO, LINE, sizeof(LINE) - 1);
}
