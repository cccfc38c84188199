#include "download/xfer/exchange.h"

#include "download/base/mem.h"

struct exchange *exchange_new(post_fn *deliver, size_t body_max)
{
    struct exchange *x = mem_new(sizeof(*x));
    x->post.deliver = deliver;
    x->request.body_max = body_max;
    x->learned_size = TO_THE_END;
    reply_init(&x->reply, body_max);
    return x;
}

void exchange_free(struct exchange *x)
{
    if (!x) return;
    request_done(&x->request);
    reply_done(&x->reply);
    mem_free(x->if_range);
    mem_free(x->address);
    mem_free(x);
}
