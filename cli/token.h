/* token.h - which access token is used and where it came from (reference: the Hub's own order).
 * Looked for in: --token, --token-file, HF_TOKEN, HUGGING_FACE_HUB_TOKEN, the file HF_TOKEN_PATH,
 * the config file, the file $HF_HOME/token. --no-token: none. HF_HUB_DISABLE_IMPLICIT_TOKEN: only
 * one given by a flag.
 * A token does not travel in clear text: where the endpoint is http:// and not this machine itself,
 * one given by a flag is an error, and one found elsewhere is left at home, with a warning. */
#ifndef SHARDFETCH_CLI_TOKEN_H
#define SHARDFETCH_CLI_TOKEN_H

#include "cli/options.h"

enum { TOKEN_FILE_MAX = 64 * 1024 };

/* Sets settings.token and token_note, or token_warning, or nothing. ERR_USAGE: bytes that cannot
 * stand in a header (naming the source, never the token), a named file that is not there. */
NODISCARD enum err token_find(struct options *o, struct why *why);
/* "http://" to a host other than this machine: localhost, 127.0.0.0/8, ::1. */
bool token_would_leak(const char *endpoint);

#endif
