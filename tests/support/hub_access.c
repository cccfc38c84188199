/* Who may see what (hub.md §1.5). */
#include <string.h>
#include <strings.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "tests/support/hub_state.h"
#include "tests/support/hub_text.h"

/* The token of "Bearer X"; NULL when there is none. */
static const char *token_of(const struct hub_request *q)
{
    const char *a = q->authorization;
    return a && strncasecmp(a, "Bearer ", 7) == 0 ? a + 7 : NULL;
}

static bool token_valid(const struct hub *h, const char *token)
{
    for (size_t i = 0; token && i < h->token_count; i++) {
        if (strcmp(h->tokens[i], token) == 0) return true;
    }
    return false;
}

static void not_there(const struct hub_request *q, struct hub_reply *r)
{
    if (q->authorization) {
        hub_reply_error(r, 404, "RepoNotFound", "Repository not found");
    } else {
        hub_reply_error(r, 401, NULL, "Invalid username or password.");
    }
}

static void moved(struct hub *h, const struct hub_request *q, const struct hub_repo *repo,
                  struct hub_reply *r)
{
    // Only the id changes: the rest of the request's own path and query stay as they are.
    SCOPED(mem_freep) char *old = mem_printf("/%s", repo->id);
    const char *at = strstr(q->target, old);
    if (!at) {
        hub_reply_error(r, 404, "RepoNotFound", "Repository not found");
        return;
    }
    size_t skip = h->opt.link_host && h->opt.prefix ? strlen(h->opt.prefix) : 0;
    hub_reply_text(r, repo->moved_status, "text/plain", "moved\n");
    hub_reply_set(r, "Location", "%.*s/%s%s", (int)(at - q->target - (ptrdiff_t)skip),
                  q->target + skip, repo->moved_to, at + strlen(old));
}

static void gated(const struct hub *h, const struct hub_request *q, const struct hub_repo *repo,
                  struct hub_reply *r)
{
    if (!q->authorization) {
        hub_reply_error(r, 401, "GatedRepo",
                        "Access to model %s is restricted. You must have access to it and be "
                        "authenticated to access it. Please log in.",
                        repo->id);
        return;
    }
    hub_reply_error(r, 403, "GatedRepo",
                    "Access to model %s is restricted and you are not in the authorized list. "
                    "Visit %s/%s to ask for access.",
                    repo->id, h->endpoint, repo->id);
}

bool hub_allow(struct hub *h, const struct hub_request *q, const struct hub_target *t, bool file,
               struct hub_repo **ret, struct hub_reply *r)
{
    const char *token = token_of(q);
    if (q->authorization && !token_valid(h, token)) {
        hub_reply_error(r, 401, NULL, "Invalid credentials in Authorization header");
        return false;
    }
    struct hub_repo *repo = hub_repo_find(&h->store, t->kind, t->id);
    bool granted = repo && hub_repo_granted(repo, token);
    if (!repo || (repo->hidden && !granted)) {
        not_there(q, r);
        return false;
    }
    if (repo->disabled) {
        hub_reply_error(r, 403, NULL, "Access to this resource is disabled.");
        return false;
    }
    if (repo->moved_to) {
        moved(h, q, repo, r);
        return false;
    }
    if (file && repo->gated && !granted) {
        gated(h, q, repo, r);
        return false;
    }
    *ret = repo;
    return true;
}
