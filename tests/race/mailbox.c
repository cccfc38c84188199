/* Mailboxes under ThreadSanitizer: many senders, several takers, a box that is often full, keys
 * that replace each other, and a close in the middle. Each message is accounted for exactly once:
 * taken, replaced or refused; those of one sender arrive in order. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "download/async/mailbox.h"
#include "download/base/mem.h"

enum { SENDERS = 6, EACH = 4000, ROUNDS = 6, BOX_BYTES = 64, KEY_EVERY = 5, MOST_TAKERS = 2 };

struct letter {
    struct message message;
    unsigned sender, number;
};

struct post_office {
    struct mailbox *box;
    atomic_uint sent, replaced, full, closed, taken, wrong;
    unsigned close_after; // letters a taker sees before it closes the box; 0 = never
};

struct sender {
    struct post_office *office;
    unsigned number;
};

static void count(struct post_office *o, enum mailbox_put result)
{
    switch (result) {
    case PUT_OK: break;
    case PUT_REPLACED: atomic_fetch_add(&o->replaced, 1); break;
    case PUT_FULL: atomic_fetch_add(&o->full, 1); break;
    case PUT_CLOSED: atomic_fetch_add(&o->closed, 1); break;
    }
}

static void *send_letters(void *user)
{
    const struct sender *s = user;
    for (unsigned i = 1; i <= EACH; i++) {
        struct letter *l = mem_new(sizeof(*l));
        *l = (struct letter){.sender = s->number, .number = i};
        l->message.cost_bytes = i % 3;
        l->message.key = i % KEY_EVERY == 0 ? s->number + 1 : 0;
        struct message *old = NULL;
        atomic_fetch_add(&s->office->sent, 1);
        enum mailbox_put result = mailbox_put(s->office->box, &l->message, &old);
        count(s->office, result);
        if (result == PUT_FULL || result == PUT_CLOSED) mem_free(l);
        if (old) mem_free(container_of(old, struct letter, message));
    }
    return NULL;
}

/* What one taker gets is a part of the box's order, so each sender's numbers only rise. */
static void *take_letters(void *user)
{
    struct post_office *o = user;
    unsigned last[SENDERS] = {0};
    struct message *m;
    while ((m = mailbox_wait(o->box, UINT64_MAX))) {
        struct letter *l = container_of(m, struct letter, message);
        if (l->number <= last[l->sender]) atomic_fetch_add(&o->wrong, 1);
        last[l->sender] = l->number;
        mem_free(l);
        if (atomic_fetch_add(&o->taken, 1) + 1 == o->close_after) mailbox_close(o->box);
    }
    return NULL;
}

static bool round_of(unsigned takers, unsigned close_after)
{
    struct post_office o = {.box = mailbox_new(&(struct mailbox_opts){.max_cost_bytes = BOX_BYTES}),
                            .close_after = close_after};
    pthread_t threads[SENDERS + MOST_TAKERS];
    struct sender senders[SENDERS];
    for (unsigned i = 0; i < takers; i++)
        pthread_create(&threads[SENDERS + i], NULL, take_letters, &o);
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){&o, i};
        pthread_create(&threads[i], NULL, send_letters, &senders[i]);
    }
    for (unsigned i = 0; i < SENDERS; i++)
        pthread_join(threads[i], NULL);
    bool empty = mailbox_drained(o.box, UINT64_MAX);
    mailbox_close(o.box);
    for (unsigned i = 0; i < takers; i++)
        pthread_join(threads[SENDERS + i], NULL);
    mailbox_free(o.box);
    unsigned accounted = o.taken + o.replaced + o.full + o.closed;
    printf("%u taken, %u replaced, %u full, %u after the close\n", o.taken, o.replaced, o.full,
           o.closed);
    return empty && accounted == o.sent && o.sent == SENDERS * EACH && o.wrong == 0;
}

int main(void)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (!round_of(1 + i % MOST_TAKERS, i < ROUNDS / 2 ? EACH : 0)) {
            fprintf(stderr, "round %u went wrong\n", i);
            return 1;
        }
    }
    return 0;
}
