/* play.h - a scene with a second hub that has the same repo: the scene's own is the source, the
 * other a mirror. No mirror may ever see the token: that is checked when the play is over.
 * One thread. */
#ifndef SHARDFETCH_TESTS_PLAY_H
#define SHARDFETCH_TESTS_PLAY_H

#include "tests/flow/scene.h"

enum {
    SMALL = 1 << 20,  // of one request
    LARGE = 80 << 20, // more parts than connections, and worth asking mirrors for
};

struct play {
    struct scene scene;
    struct hub *mirror;
    uint64_t size;
};

/* Both have "big.bin" of `size` bytes. Large files take long enough for a mirror to answer before
 * their last part is given out. */
struct play play_new(uint64_t size);
void play_done(struct play *p);

#define PLAY(p, mirror_url, ...)                                                                   \
    GET(&(p)->scene, "org/name", "--local-dir", "out", "--mirror", mirror_url, "--stall-timeout",  \
        "1", "--connect-timeout", "1", __VA_ARGS__)

void expect_no_token(struct hub *mirror);
void fault_at(struct hub *h, const char *spec);
/* Bytes of files that it sent; how often it was asked where one is. */
uint64_t bodies_of(struct hub *h);
size_t resolves_of(struct hub *h);
/* The run ended well, with the file as it must be. */
void expect_right(struct play *p);
/* A number of an origin's row in `result`; a missing one fails the test. */
uint64_t of_origin(const struct scene *s, const char *origin, const char *key);
/* The first `mirror` event. */
void expect_mirror_event(const struct scene *s, const char *origin, const char *cause);

#endif
