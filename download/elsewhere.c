/* One name, several addresses: connections go to all of them (easy.c), and when those to one of
 * them crawl the next ones go to the others. */
#include "download/base/clock.h"
#include "download/file_task.h"

struct uses {
    unsigned connections[CONTACTS_MAX];
    uint64_t rates[CONTACTS_MAX];
};

/* Those that have begun lately do not tell yet. */
static void add_use(struct uses *u, const struct part_task *p, uint64_t now_ns)
{
    struct origin *o = p->origin;
    unsigned i = contacts_of(&o->contacts, p->address);
    bool grown = now_ns - p->started_ns >= SECOND_NS + o->first_byte_ns;
    if (i == CONTACTS_MAX || !grown) return;
    u->connections[i]++;
    u->rates[i] += p->rate_bytes_per_s;
}

static void end_avoided(struct origin *o, struct part_task *p, uint64_t now_ns)
{
    unsigned i = contacts_of(&o->contacts, p->address);
    if (i == CONTACTS_MAX || p->file->whole) return;
    if (contacts_avoided(&o->contacts, i, now_ns)) part_end(p);
}

void elsewhere_look(struct fetch *f, struct origin *o, bool collapsed)
{
    uint64_t now_ns = loop_now_ns(f->loop);
    struct uses u = {0};
    list_each (node, &f->tasks) {
        list_each (part, &container_of(node, struct file_task, node)->parts) {
            const struct part_task *p = container_of(part, struct part_task, node);
            if (p->origin == o) add_use(&u, p, now_ns);
        }
    }
    bool any = contacts_judge(&o->contacts, u.connections, u.rates, collapsed, now_ns);
    if (!any) return;
    list_each (node, &f->tasks) {
        list_each (part, &container_of(node, struct file_task, node)->parts) {
            struct part_task *p = container_of(part, struct part_task, node);
            if (p->origin == o) end_avoided(o, p, now_ns);
        }
    }
}
