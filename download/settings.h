/* settings.h - what one run is told to do. Made by cli/ from flags, environment and config, read by
 * download/ and never changed there. Plain data; pointers are borrowed for the run, NULL = not
 * given. */
#ifndef SHARDFETCH_DOWNLOAD_SETTINGS_H
#define SHARDFETCH_DOWNLOAD_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct secret;

enum settings_command { COMMAND_GET, COMMAND_PLAN, COMMAND_VERIFY };
enum ip_version { IP_ANY, IP_V4, IP_V6 };

/* Bytes per second, 0 = no limit; or the file that says it, now and whenever it changes. */
struct rate {
    uint64_t bytes_per_s;
    const char *file;
};

struct settings {
    enum settings_command command;

    /* what */
    const char *source;         // SOURCE as written
    bool source_is_manifest;    // it came from --manifest
    const char *const *files;   // positional FILE|DIR/, NULL-terminated
    const char *const *include; // NULL-terminated
    const char *const *exclude;
    const char *const *priorities; // "GLOB=LEVEL", NULL-terminated
    const char *revision;
    const char *repo_type; // "model", "dataset", "space"
    const char *endpoint;  // effective, without trailing slash
    const char *base_url;
    const char *const *mirrors; // further endpoints or base URLs, NULL-terminated

    /* where */
    const char *local_dir; // NULL = the hub cache for hub sources, "." for others
    const char *cache_dir; // effective hub cache, always set
    bool no_symlinks;      // HF_HUB_DISABLE_SYMLINKS
    bool force_download;
    bool offline;
    uint64_t min_free_bytes; // UINT64_MAX = 1 % of the file system, at most 1 GiB
    bool no_sync;

    /* who */
    const struct secret *token; // NULL = none
    const char *token_note;     // where it came from, for people: "HF_TOKEN", "file '…'"

    /* how */
    unsigned max_workers;          // files at once; 0 = more while they are small
    unsigned connections;          // per origin; 0 = as many as are found to be best
    unsigned slab_budget;          // slabs of all connections together; 0 = one for each
    struct rate limit_rate;        // of all bodies of this run
    struct rate limit_rate_shared; // of all runs of this user that have one
    const char *runtime_dir;       // XDG_RUNTIME_DIR
    const char *state_dir;         // where what is learned of servers is kept; NULL = nowhere
    bool polite;                   // leaves the link to others
    const char *yield_to;          // cgroup whose pressure counts for us, too
    unsigned retries;              // consecutive attempts of a part without a new byte
    uint64_t max_wait_s;
    uint64_t stall_timeout_s;
    uint64_t connect_timeout_s;
    uint64_t api_timeout_s;  // one listing or resolve call, HF_HUB_ETAG_TIMEOUT
    const char *proxy;       // for all requests
    const char *http_proxy;  // for http: URLs, when `proxy` is not given
    const char *https_proxy; // for https: URLs, likewise
    const char *no_proxy;    // hosts and networks reached directly in any case
    const char *cacert;
    const char *capath; // SSL_CERT_DIR
    enum ip_version ip;
    bool keep_going;
    bool require_digest;
    bool verbose;                 // plan_file events for get, where settings came from
    const char *user_agent_extra; // HF_HUB_USER_AGENT_ORIGIN
    const char *version;          // of the program
};

#endif
