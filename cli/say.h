/* say.h - what main itself tells: results on standard output, the last line on standard error. */
#ifndef SHARDFETCH_CLI_SAY_H
#define SHARDFETCH_CLI_SAY_H

#include <stddef.h>

#include "download/base/err.h"

/* "shardfetch: WORD: SENTENCE", cleaned, on standard error. */
void say_failure(enum err e, const char *sentence);
/* "shardfetch: SENTENCE", the same way. */
void say(const char *sentence);
/* All of it on standard output. ERR_DISK; errno says why (EPIPE: the reader is gone). */
NODISCARD enum err say_result(const char *text, size_t len, struct why *why);

/* For mem_on_failure: the last line, without allocating. */
void say_out_of_memory(void);

#endif
