/* The whole way from a request to its answer: fault rule, rate limit, access, revision, content. */
#include <string.h>

#include "download/base/clock.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "tests/support/hub_state.h"
#include "tests/support/hub_text.h"

static bool wants_file(enum hub_route route)
{
    return route == HUB_RESOLVE || route == HUB_SMALL;
}

static void answer_endpoint(struct hub *h, const struct hub_request *q, const struct hub_target *t,
                            struct hub_reply *r)
{
    struct hub_repo *repo = NULL;
    if (!hub_limit_pass(h, t->route, clock_now_ns(), r)) return;
    if (!hub_allow(h, q, t, wants_file(t->route), &repo, r)) return;
    const struct hub_commit *c = hub_repo_commit(repo, t->rev);
    if (!c) {
        hub_reply_error(r, 404, "RevisionNotFound", "Invalid rev id: %s", t->rev);
        return;
    }
    switch (t->route) {
    case HUB_INFO: hub_reply_info(h, t, repo, c, r); return;
    case HUB_TREE: hub_reply_tree(h, t, c, r); return;
    case HUB_PATHS: hub_reply_paths(q, c, r); return;
    case HUB_RESOLVE: hub_reply_resolve(h, t, repo, c, r); return;
    case HUB_SMALL: hub_reply_small(q, t, c, r); return;
    case HUB_ANY:
    case HUB_CDN:
    case HUB_OTHER: break;
    }
}

static void answer_target(struct hub *h, const struct hub_request *q, const struct hub_target *t,
                          struct hub_reply *r)
{
    bool get = strcmp(q->method, "GET") == 0 || strcmp(q->method, "HEAD") == 0;
    if (!get && t->route != HUB_PATHS) {
        hub_reply_error(r, 405, NULL, "Method not allowed");
    } else if (t->route == HUB_CDN) {
        hub_reply_cdn(h, q, t, r);
    } else if (t->route == HUB_OTHER) {
        hub_reply_error(r, 404, NULL, "Sorry, we can't find the page you are looking for.");
    } else {
        answer_endpoint(h, q, t, r);
    }
}

static void set_request_id(struct hub *h, const struct hub_request *q, struct hub_reply *r)
{
    unsigned long long n = ++h->request_count;
    if (q->origin == HUB_AT_CDN) {
        hub_reply_set(r, "X-Amz-Cf-Id", "cf-%llu", n);
    } else {
        hub_reply_set(r, "X-Request-Id", "Root=1-%llu", n);
    }
}

void hub_answer(struct hub *h, const struct hub_request *q, struct hub_reply *r)
{
    struct hub_target t;
    pthread_mutex_lock(&h->lock);
    hub_target_parse(h, q, &t);
    r->route = t.route;
    if (wants_file(t.route) || t.route == HUB_CDN) r->path = mem_strdup(t.path);

    const struct hub_fault *f = hub_rule_for(h, t.route, r->path ? r->path : q->target);
    if (f) {
        r->faulty = true;
        r->fault = *f;
    }
    struct hub_request bent = *q;
    if (f && (f->ignore_range || f->encoding)) bent.range = NULL;
    answer_target(h, &bent, &t, r);
    set_request_id(h, q, r);
    hub_reply_bend(r);

    hub_target_done(&t);
    pthread_mutex_unlock(&h->lock);
}
