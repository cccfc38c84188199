/* The table itself. Order is the order in --help, the man page and the completions. */
#include "cli/options.h"

#define FIELD(name)   .offset = offsetof(struct options, name)
#define SETTING(name) .offset = offsetof(struct options, settings.name)

enum {
    DAY_S = 24 * 60 * 60,
    WEEK_S = 7 * DAY_S,
    MAX_CONNECTIONS = 256, // of taste: hubs refuse long before
    MAX_RETRIES = 1000,
};

static const struct option ROWS[] = {
    /* what */
    {"revision", 0, GROUP_WHAT, KIND_TEXT, "REV", "main", NULL,
     "branch, tag, refs/pr/N or commit of the repo", ON_ALL, SETTING(revision)},
    {"repo-type", 0, GROUP_WHAT, KIND_CHOICE, "model|dataset|space", "model", NULL,
     "kind of repo that SOURCE names", ON_ALL, SETTING(repo_type)},
    {"include", 0, GROUP_WHAT, KIND_LIST, "GLOB", NULL, NULL,
     "only files that match; * crosses /, dir/ means all below; may be repeated", ON_ALL,
     FIELD(include)},
    {"exclude", 0, GROUP_WHAT, KIND_LIST, "GLOB", NULL, NULL,
     "no file that matches; may be repeated", ON_ALL, FIELD(exclude)},
    {"manifest", 0, GROUP_WHAT, KIND_PATH, "FILE", NULL, NULL,
     "SOURCE is this manifest or SHA256SUMS list; - reads standard input", ON_ALL, FIELD(manifest)},
    {"base-url", 0, GROUP_WHAT, KIND_TEXT, "URL", NULL, NULL,
     "what names and relative URLs of a manifest or list resolve against", ON_ALL,
     SETTING(base_url)},
    {"endpoint", 0, GROUP_WHAT, KIND_TEXT, "URL", "https://huggingface.co", "HF_ENDPOINT",
     "where the Hub is; the only origin that is sent the token", ON_ALL, SETTING(endpoint)},

    /* where */
    {"local-dir", 0, GROUP_WHERE, KIND_PATH, "DIR", NULL, NULL,
     "plain files below DIR instead of the Hugging Face cache", ON_ALL, SETTING(local_dir)},
    {"cache-dir", 0, GROUP_WHERE, KIND_PATH, "DIR", "$HF_HOME/hub",
     "HF_HUB_CACHE HUGGINGFACE_HUB_CACHE", "the Hugging Face cache", ON_ALL, SETTING(cache_dir)},
    {"force-download", 0, GROUP_WHERE, KIND_SWITCH, NULL, NULL, NULL,
     "fetch also what is already there", ON_FETCH, SETTING(force_download)},
    {"min-free", 0, GROUP_WHERE, KIND_BYTES, "BYTES", "1 % of the file system, at most 1G", NULL,
     "disk space that stays free, for example 10G", ON_FETCH, SETTING(min_free_bytes)},
    {"no-sync", 0, GROUP_WHERE, KIND_SWITCH, NULL, NULL, NULL,
     "do not wait for the disk: faster, not durable against power loss", ON_FETCH,
     SETTING(no_sync)},
    {"offline", 0, GROUP_WHERE, KIND_SWITCH, NULL, NULL, "HF_HUB_OFFLINE TRANSFORMERS_OFFLINE",
     "no packet leaves; what is not there is an error", ON_ALL, SETTING(offline)},

    /* who */
    {"token", 0, GROUP_WHO, KIND_TEXT, "T", NULL, "HF_TOKEN HUGGING_FACE_HUB_TOKEN",
     "access token; argv is public: prefer HF_TOKEN or --token-file", ON_ALL, .secret = true,
     FIELD(token)},
    {"token-file", 0, GROUP_WHO, KIND_PATH, "FILE", "$HF_HOME/token", "HF_TOKEN_PATH",
     "file that holds the access token", ON_ALL, FIELD(token_file)},
    {"no-token", 0, GROUP_WHO, KIND_SWITCH, NULL, NULL, NULL,
     "send no token, wherever one is found", ON_ALL, FIELD(no_token)},

    /* how */
    {"max-workers", 0, GROUP_HOW, KIND_COUNT, "N", "8", NULL, "files at once", ON_FETCH, .min = 1,
     .max = MAX_CONNECTIONS, SETTING(max_workers)},
    {"connections", 0, GROUP_HOW, KIND_COUNT, "N", "8", NULL, "connections per origin", ON_FETCH,
     .min = 1, .max = MAX_CONNECTIONS, SETTING(connections)},
    {"limit-rate", 0, GROUP_HOW, KIND_BYTES, "RATE", NULL, NULL,
     "bytes per second of this run, with curl's suffixes (50M)", ON_FETCH, SETTING(limit_rate)},
    {"retries", 0, GROUP_HOW, KIND_COUNT, "N", "8", NULL,
     "attempts of a part in a row that brought no new byte", ON_ALL, .max = MAX_RETRIES,
     SETTING(retries)},
    {"max-wait", 0, GROUP_HOW, KIND_NUMBER, "S", "600", NULL,
     "seconds of waiting for a rate limit, in all", ON_ALL, .max = WEEK_S, SETTING(max_wait_s)},
    {"stall-timeout", 0, GROUP_HOW, KIND_NUMBER, "S", "30", "HF_HUB_DOWNLOAD_TIMEOUT",
     "seconds without a byte until a connection is given up", ON_ALL, .min = 1, .max = DAY_S,
     SETTING(stall_timeout_s)},
    {"connect-timeout", 0, GROUP_HOW, KIND_NUMBER, "S", "10", NULL,
     "seconds until a connection attempt is given up", ON_ALL, .min = 1, .max = DAY_S,
     SETTING(connect_timeout_s)},
    {"keep-going", 0, GROUP_HOW, KIND_SWITCH, NULL, NULL, NULL,
     "a file that fails does not stop the others", ON_FETCH, SETTING(keep_going)},
    {"require-digest", 0, GROUP_HOW, KIND_SWITCH, NULL, NULL, NULL,
     "a file whose source gives no digest fails", ON_ALL, SETTING(require_digest)},
    {"proxy", 0, GROUP_HOW, KIND_TEXT, "URL", "the proxy variables", NULL, "proxy for all requests",
     ON_ALL, .secret = true, SETTING(proxy)},
    {"cacert", 0, GROUP_HOW, KIND_PATH, "FILE", "the system's",
     "SSL_CERT_FILE CURL_CA_BUNDLE REQUESTS_CA_BUNDLE", "certificate authorities to trust", ON_ALL,
     SETTING(cacert)},
    {"ipv4", '4', GROUP_HOW, KIND_VALUE, NULL, NULL, NULL, "IPv4 only", ON_ALL, .min = IP_V4,
     SETTING(ip)},
    {"ipv6", '6', GROUP_HOW, KIND_VALUE, NULL, NULL, NULL, "IPv6 only", ON_ALL, .min = IP_V6,
     SETTING(ip)},

    /* output */
    {"dry-run", 0, GROUP_OUTPUT, KIND_SWITCH, NULL, NULL, NULL, "the same as the command plan",
     ON_FETCH, .flag_only = true, FIELD(dry_run)},
    {"json", 0, GROUP_OUTPUT, KIND_SWITCH, NULL, NULL, NULL, "event stream on standard output",
     ON_ALL, FIELD(json)},
    {"events", 0, GROUP_OUTPUT, KIND_PATH, "FILE|fd:N", NULL, NULL,
     "event stream elsewhere; standard output keeps the path", ON_ALL, FIELD(events)},
    {"stop-with-reader", 0, GROUP_OUTPUT, KIND_SWITCH, NULL, NULL, NULL,
     "stop, resumable, when the reader of --events goes away", ON_ALL, FIELD(stop_with_reader)},
    {"progress", 0, GROUP_OUTPUT, KIND_CHOICE, "auto|bar|plain|none", "auto", NULL,
     "progress for people on standard error", ON_ALL, FIELD(progress)},
    {"quiet", 'q', GROUP_OUTPUT, KIND_SWITCH, NULL, NULL, NULL,
     "nothing on standard error but the reason of a failure", ON_ALL, FIELD(quiet)},
    {"verbose", 'v', GROUP_OUTPUT, KIND_SWITCH, NULL, NULL, NULL,
     "also where settings came from, and every planned file", ON_ALL, SETTING(verbose)},

    /* other */
    {"config", 0, GROUP_OTHER, KIND_PATH, "FILE", "$XDG_CONFIG_HOME/shardfetch/config", NULL,
     "file with lines of key = value, keys being the flags' names", ON_ALL, .flag_only = true,
     FIELD(config)},
    {"help", 'h', GROUP_OTHER, KIND_SWITCH, NULL, NULL, NULL, "this text", ON_ALL,
     .flag_only = true, FIELD(help)},
    {"version", 0, GROUP_OTHER, KIND_SWITCH, NULL, NULL, NULL,
     "versions of shardfetch and its libraries", ON_ALL, .flag_only = true, FIELD(version)},

    /* environment only */
    {.kind = KIND_PATH,
     .env = "HF_HOME",
     .fallback = "$XDG_CACHE_HOME/huggingface",
     .help = "where the Hugging Face cache and token are",
     FIELD(hf_home)},
    {.kind = KIND_NUMBER,
     .env = "HF_HUB_ETAG_TIMEOUT",
     .fallback = "10",
     .help = "seconds for one listing or resolve call",
     .min = 1,
     .max = DAY_S,
     SETTING(api_timeout_s)},
    {.kind = KIND_SWITCH,
     .env = "HF_HUB_DISABLE_SYMLINKS",
     .help = "copies in the cache",
     SETTING(no_symlinks)},
    {.kind = KIND_SWITCH,
     .env = "HF_HUB_DISABLE_IMPLICIT_TOKEN",
     .help = "only a token given by a flag is sent",
     FIELD(no_implicit_token)},
    {.kind = KIND_SWITCH,
     .env = "HF_HUB_DISABLE_PROGRESS_BARS",
     .help = "as --progress none",
     FIELD(no_progress_bars)},
    {.kind = KIND_TEXT, // HTTP_PROXY is none: CGI sets it from a request's header (httpoxy)
     .env = "http_proxy all_proxy ALL_PROXY",
     .help = "proxy for http: URLs",
     .secret = true,
     SETTING(http_proxy)},
    {.kind = KIND_TEXT,
     .env = "https_proxy HTTPS_PROXY all_proxy ALL_PROXY",
     .help = "proxy for https: URLs",
     .secret = true,
     SETTING(https_proxy)},
    {.kind = KIND_TEXT,
     .env = "no_proxy NO_PROXY",
     .help = "hosts that are reached without a proxy",
     SETTING(no_proxy)},
    {.kind = KIND_PATH,
     .env = "SSL_CERT_DIR",
     .help = "directory of certificate authorities",
     SETTING(capath)},
    {.kind = KIND_TEXT,
     .env = "HF_HUB_USER_AGENT_ORIGIN",
     .help = "added to the User-Agent",
     SETTING(user_agent_extra)},
};
_Static_assert(ARRAY_LEN(ROWS) <= OPTIONS_MAX, "struct options has an origin for every row");

const struct option *options_rows(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(ROWS);
    return ROWS;
}
