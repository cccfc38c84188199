#include "tests/support/hub.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "tests/support/hub_server.h"
#include "tests/support/hub_state.h"
#include "tests/support/hub_text.h"

/* ---- start and stop ---- */

static enum err start_servers(struct hub *h, struct why *why)
{
    for (int origin = HUB_AT_ENDPOINT; origin <= HUB_AT_CDN; origin++) {
        enum err e = hub_server_start(h, (enum hub_origin)origin, &h->servers[origin], why);
        if (e) return e;
        h->urls[origin] = mem_printf("http://127.0.0.1:%u", hub_server_port(h->servers[origin]));
    }
    h->endpoint = mem_printf("%s%s", h->urls[HUB_AT_ENDPOINT], h->opt.prefix ? h->opt.prefix : "");
    return OK;
}

enum err hub_start(const struct hub_options *o, struct hub **ret, struct why *why)
{
    SCOPED(hub_freep) struct hub *h = mem_new(sizeof(*h));
    pthread_mutex_init(&h->lock, NULL);
    h->stop_fd = -1;
    h->opt = *o;
    const char **strings[] = {&h->opt.prefix, &h->opt.link_host, &h->opt.log_path};
    h->opt_text = text_pack(strings, ARRAY_LEN(strings));
    h->key = mem_printf("%llu %ld", (unsigned long long)clock_now_ns(), (long)getpid());
    h->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (h->stop_fd < 0) return fail_errno(why, "cannot make an eventfd");

    enum err e = hub_log_new(o->log_path, &h->log, why);
    if (e) return e;
    e = start_servers(h, why);
    if (e) return e;
    *ret = TAKE(h);
    return OK;
}

static void free_data(struct hub *h)
{
    for (size_t i = 0; i < h->token_count; i++) {
        mem_free(h->tokens[i]);
    }
    mem_free(h->tokens);
    mem_free(h->url_uses);
    hub_rules_free(h->rules);
    hub_rules_free(h->retired);
    hub_store_done(&h->store);
    hub_log_free(h->log);
    mem_free(h->urls[HUB_AT_ENDPOINT]);
    mem_free(h->urls[HUB_AT_CDN]);
    mem_free(h->endpoint);
    mem_free(h->opt_text);
    mem_free(h->key);
}

void hub_free(struct hub *h)
{
    if (!h) return;
    if (h->stop_fd >= 0) eventfd_write(h->stop_fd, 1);
    hub_server_stop(h->servers[HUB_AT_ENDPOINT]);
    hub_server_stop(h->servers[HUB_AT_CDN]);
    free_data(h);
    if (h->stop_fd >= 0) close(h->stop_fd);
    pthread_mutex_destroy(&h->lock);
    mem_free(h);
}

const char *hub_endpoint(const struct hub *h)
{
    return h->endpoint;
}

const char *hub_cdn(const struct hub *h)
{
    return h->urls[HUB_AT_CDN];
}

struct hub_log *hub_log(struct hub *h)
{
    return h->log;
}

/* ---- revisions and access ---- */

static struct hub_repo *lock_repo(struct hub *h, const char *repo)
{
    pthread_mutex_lock(&h->lock);
    return hub_repo_get(&h->store, repo);
}

static void unlock(struct hub *h)
{
    pthread_mutex_unlock(&h->lock);
}

void hub_set_ref(struct hub *h, const char *repo, const char *ref)
{
    struct hub_repo *r = lock_repo(h, repo);
    hub_repo_set_ref(r, ref, hub_repo_commit(r, "main"));
    unlock(h);
}

void hub_rename(struct hub *h, const char *from, const char *to, unsigned status)
{
    const char *id = NULL;
    (void)hub_repo_split(to, &id);
    struct hub_repo *r = lock_repo(h, from);
    mem_free(r->moved_to);
    r->moved_to = mem_strdup(id);
    r->moved_status = status;
    unlock(h);
}

void hub_set_gated(struct hub *h, const char *repo)
{
    lock_repo(h, repo)->gated = true;
    unlock(h);
}

void hub_set_private(struct hub *h, const char *repo)
{
    lock_repo(h, repo)->hidden = true;
    unlock(h);
}

void hub_set_disabled(struct hub *h, const char *repo)
{
    lock_repo(h, repo)->disabled = true;
    unlock(h);
}

static void add_token_locked(struct hub *h, const char *token)
{
    h->tokens = mem_resize(h->tokens, (h->token_count + 1) * sizeof(char *));
    h->tokens[h->token_count++] = mem_strdup(token);
}

void hub_add_token(struct hub *h, const char *token)
{
    pthread_mutex_lock(&h->lock);
    add_token_locked(h, token);
    unlock(h);
}

void hub_grant(struct hub *h, const char *repo, const char *token)
{
    hub_repo_grant(lock_repo(h, repo), token);
    add_token_locked(h, token);
    unlock(h);
}

void hub_limit(struct hub *h, enum hub_bucket bucket, unsigned quota, uint64_t window_ms)
{
    pthread_mutex_lock(&h->lock);
    h->buckets[bucket] =
        (struct hub_bucket_state){.quota = quota, .window_ns = window_ms * MILLI_NS};
    unlock(h);
}

void hub_expire_urls(struct hub *h)
{
    pthread_mutex_lock(&h->lock);
    h->url_expired = h->url_count;
    unlock(h);
}

/* ---- what a test compares with ---- */

static const struct hub_file *find_file(struct hub *h, const char *repo, const char *path)
{
    const char *id = NULL;
    enum hub_kind kind = hub_repo_split(repo, &id);
    pthread_mutex_lock(&h->lock);
    const struct hub_repo *r = hub_repo_find(&h->store, kind, id);
    const struct hub_commit *c = r ? hub_repo_commit(r, "main") : NULL;
    const struct hub_file *f = c ? hub_commit_file(c, path) : NULL;
    unlock(h);
    return f;
}

bool hub_stat(struct hub *h, const char *repo, const char *path, struct hub_file_info *ret)
{
    const struct hub_file *f = find_file(h, repo, path);
    if (!f) return false;
    *ret = (struct hub_file_info){.size = f->content.size, .lfs = f->lfs};
    memcpy(ret->oid, f->oid, sizeof(ret->oid));
    memcpy(ret->sha256, f->sha256, sizeof(ret->sha256));
    memcpy(ret->xet, f->xet, sizeof(ret->xet));
    return true;
}

bool hub_read(struct hub *h, const char *repo, const char *path, uint64_t offset, void *buf,
              size_t len)
{
    const struct hub_file *f = find_file(h, repo, path);
    return f && content_read(&f->content, offset, buf, len);
}

bool hub_commit_id(struct hub *h, const char *repo, const char *ref, char ret_sha[41])
{
    const char *id = NULL;
    enum hub_kind kind = hub_repo_split(repo, &id);
    pthread_mutex_lock(&h->lock);
    const struct hub_repo *r = hub_repo_find(&h->store, kind, id);
    const struct hub_commit *c = r ? hub_repo_commit(r, ref) : NULL;
    if (c) memcpy(ret_sha, c->sha, SHA1_HEX);
    unlock(h);
    return c != NULL;
}
