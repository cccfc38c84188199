/* scene.h - what a flow test plays in: a directory, a hub, and the built program run against it.
 * The program finds the hub by HF_ENDPOINT and has the token CANARY; HOME and working directory are
 * the directory, HF_HOME is "hf" in it.
 *
 * After every run these hold or the test fails: with --json the stream is whole (seq from 1 without
 * gaps, one run, `result` once and last, its `exit` the process's); a failure's last line on stderr
 * names the code's word; the token is in no request to the CDN, on neither stream, in no file.
 * One thread. */
#ifndef SHARDFETCH_TESTS_SCENE_H
#define SHARDFETCH_TESTS_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "download/base/json.h"
#include "tests/flow/run.h"
#include "tests/support/hub.h"
#include "tests/support/tmpdir.h"

#define CANARY "hf_canaryInTheMine"

struct proc;

struct scene {
    char *dir;
    struct hub *hub;
    const char *const *env; // borrowed: more variables for the runs to come
    struct proc *proc;      // the last run
    int status, ended_by;   // of it: exit status, -1 when this signal ended it
    const char *out, *err;
    struct json_doc **lines; // its event stream
    size_t line_count;
};

struct scene scene_new(const struct hub_options *o); // NULL: an ordinary hub
void scene_done(struct scene *s);

/* One run of the program to its end; the words after its name. */
void scene_run(struct scene *s, const char *const *args);
#define GET(s, ...) scene_run(s, WORDS("get", "--json", __VA_ARGS__))
/* The same in two steps: between them the program runs. */
void scene_start(struct scene *s, const char *const *args);
void scene_end(struct scene *s);

/* The run ended with this status, and (when not NULL) stderr's last line contains the text. */
void scene_expect(const struct scene *s, int status, const char *told);

/* ---- the event stream of the last run ---- */

/* n-th event (from 0) of a type; NULL when there are fewer. */
const struct json *scene_event(const struct scene *s, const char *type, size_t n);
size_t scene_events(const struct scene *s, const char *type);
/* A field of the n-th event of a type; a missing one fails the test. */
uint64_t scene_number(const struct scene *s, const char *type, size_t n, const char *key);
/* NULL when it is null. */
const char *scene_text(const struct scene *s, const char *type, size_t n, const char *key);

/* ---- what the hub saw and what is on disk ---- */

size_t scene_requests(const struct scene *s, enum hub_route route);
/* Body bytes sent for a file (glob), from endpoint and CDN. */
uint64_t scene_sent(const struct scene *s, const char *file);
void scene_fault(struct scene *s, const char *spec);
/* The file `rel` below the scene's directory is `repo`'s `path`, byte for byte. */
void scene_expect_file(const struct scene *s, const char *rel, const char *repo, const char *path);
/* Files below `rel` that a user sees: not those of .cache or .shardfetch. */
size_t scene_published(const struct scene *s, const char *rel);

#endif
