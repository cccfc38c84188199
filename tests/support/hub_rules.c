/* The table of faults: which rule a request gets, and how often it has been asked. */
#include <string.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"
#include "tests/support/hub_state.h"
#include "tests/support/hub_text.h"

static unsigned count_path(struct hub_fault_rule *rule, const char *path)
{
    for (size_t i = 0; i < rule->path_count; i++) {
        if (strcmp(rule->counts[i].path, path) == 0) return ++rule->counts[i].times;
    }
    size_t n = rule->path_count++;
    rule->counts = mem_resize(rule->counts, rule->path_count * sizeof(*rule->counts));
    rule->counts[n] = (struct hub_fault_count){.path = mem_strdup(path), .times = 1};
    return 1;
}

static bool rule_applies(struct hub_fault_rule *rule, enum hub_route route, const char *path)
{
    const struct hub_fault *f = &rule->fault;
    if (f->route != HUB_ANY && f->route != route) return false;
    if (!text_glob(f->glob, path)) return false;
    if (f->first == 0) return true;
    unsigned n = f->count_all ? ++rule->times : count_path(rule, path);
    return n >= f->first && n <= f->last;
}

const struct hub_fault *hub_rule_for(struct hub *h, enum hub_route route, const char *path)
{
    for (struct hub_fault_rule *rule = h->rules; rule; rule = rule->next) {
        if (rule_applies(rule, route, path)) return &rule->fault;
    }
    return NULL;
}

static char *own_strings(struct hub_fault *f)
{
    const char **fields[] = {&f->glob, &f->headers,  &f->body,    &f->content_range,
                             &f->etag, &f->encoding, &f->location};
    return text_pack(fields, ARRAY_LEN(fields));
}

void hub_rules_free(struct hub_fault_rule *rules)
{
    while (rules) {
        struct hub_fault_rule *next = rules->next;
        for (size_t i = 0; i < rules->path_count; i++) {
            mem_free(rules->counts[i].path);
        }
        mem_free(rules->counts);
        mem_free(rules->text);
        mem_free(rules);
        rules = next;
    }
}

void hub_add_fault(struct hub *h, const struct hub_fault *f)
{
    struct hub_fault_rule *rule = mem_new(sizeof(*rule));
    *rule = (struct hub_fault_rule){.fault = *f};
    rule->text = own_strings(&rule->fault);
    if (rule->fault.first && !rule->fault.last) rule->fault.last = rule->fault.first;

    pthread_mutex_lock(&h->lock);
    struct hub_fault_rule **end = &h->rules;
    while (*end) {
        end = &(*end)->next;
    }
    *end = rule;
    pthread_mutex_unlock(&h->lock);
}

void hub_clear_faults(struct hub *h)
{
    pthread_mutex_lock(&h->lock);
    struct hub_fault_rule **end = &h->retired; // answers under way may still use their strings
    while (*end) {
        end = &(*end)->next;
    }
    *end = h->rules;
    h->rules = NULL;
    pthread_mutex_unlock(&h->lock);
}
