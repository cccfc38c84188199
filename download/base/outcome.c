#include "download/base/outcome.h"

#include <stddef.h>

static const char *const WORDS[] = {
#define CAUSE_WORD(name, word) [name] = word,
    CAUSE_LIST(CAUSE_WORD)
#undef CAUSE_WORD
};

const char *cause_word(enum cause c)
{
    return (size_t)c < sizeof(WORDS) / sizeof(WORDS[0]) ? WORDS[c] : WORDS[CAUSE_NONE];
}
