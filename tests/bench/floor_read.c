/* floor_read - a bare libcurl multi reader: fetches every line of LIST over at most CONNECTIONS at
 * once, counts the bytes and throws them away. Fails unless they are BYTES in all. A line is a URL,
 * or "URL FROM-TO" for a range of it.
 * usage: bench_floor_read LIST BYTES CONNECTIONS [CACERT] */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "download/base/str.h"

enum {
    CONNECTIONS_MAX = 256,
    BUFFER_BYTES = 512 * 1024, // libcurl's largest
    POLL_MS = 10000,
};

struct reader {
    FILE *list;
    char *line; // of getline
    size_t line_size;
    const char *cacert;
    CURLM *multi;
    CURL *easy[CONNECTIONS_MAX]; // [0..connections)
    size_t connections;
    size_t active;
    uint64_t bytes;
    bool failed;
};

static size_t discard(char *data, size_t size, size_t count, void *user)
{
    (void)data;
    uint64_t *bytes = user;
    *bytes += size * count;
    return size * count;
}

static CURL *connection_new(struct reader *r)
{
    CURL *easy = curl_easy_init();
    if (!easy) return NULL;
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &r->bytes);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
    curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    if (r->cacert) curl_easy_setopt(easy, CURLOPT_CAINFO, r->cacert);
    return easy;
}

/* Starts the next URL, if there is one left. */
static void start_next(struct reader *r, CURL *easy)
{
    if (getline(&r->line, &r->line_size, r->list) <= 0) return;
    r->line[strcspn(r->line, "\n")] = '\0';
    char *space = strchr(r->line, ' ');
    if (space) *space = '\0';
    curl_easy_setopt(easy, CURLOPT_URL, r->line);
    curl_easy_setopt(easy, CURLOPT_RANGE, space ? space + 1 : NULL);
    if (curl_multi_add_handle(r->multi, easy) == CURLM_OK) {
        r->active++;
    } else {
        r->failed = true;
    }
}

static void collect(struct reader *r)
{
    int left = 0;
    CURLMsg *msg;
    while ((msg = curl_multi_info_read(r->multi, &left))) {
        CURL *easy = msg->easy_handle;
        CURLcode result = msg->data.result;
        curl_multi_remove_handle(r->multi, easy);
        r->active--;
        if (result == CURLE_OK) {
            start_next(r, easy);
        } else {
            fprintf(stderr, "%s\n", curl_easy_strerror(result));
            r->failed = true;
        }
    }
}

static void read_all(struct reader *r)
{
    for (size_t i = 0; i < r->connections; i++) {
        r->easy[i] = connection_new(r);
        if (r->easy[i]) start_next(r, r->easy[i]);
    }
    while (r->active > 0 && !r->failed) {
        int running = 0;
        if (curl_multi_perform(r->multi, &running) != CURLM_OK) r->failed = true;
        collect(r);
        if (r->active > 0) curl_multi_poll(r->multi, NULL, 0, POLL_MS, NULL);
    }
}

static void reader_done(struct reader *r)
{
    for (size_t i = 0; i < r->connections; i++) {
        curl_multi_remove_handle(r->multi, r->easy[i]);
        curl_easy_cleanup(r->easy[i]);
    }
    curl_multi_cleanup(r->multi);
    curl_global_cleanup();
    free(r->line); // from getline
    if (r->list) fclose(r->list);
}

int main(int argc, char **argv)
{
    uint64_t expected = 0;
    uint64_t connections = 0;
    if (argc < 4 || argc > 5 || !str_u64(argv[2], INT64_MAX, &expected) ||
        !str_u64(argv[3], CONNECTIONS_MAX, &connections)) {
        fputs("usage: bench_floor_read LIST BYTES CONNECTIONS [CACERT]\n", stderr);
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct reader r = {.list = fopen(argv[1], "re"), .cacert = argv[4], .multi = curl_multi_init()};
    r.connections = (size_t)connections;
    if (r.list && r.multi) read_all(&r);
    if (r.bytes != expected) {
        fprintf(stderr, "read %ju bytes of %ju\n", (uintmax_t)r.bytes, (uintmax_t)expected);
        r.failed = true;
    }
    reader_done(&r);
    return r.failed ? 1 : 0;
}
