/* slabs.h - the memory that bodies are written from, as one budget for the run: whoever starts a
 * body exchange takes a slab, it travels with the exchange and comes home with it. None left: the
 * scheduler waits until one comes home, which they all do without needing another, so it never
 * waits for ever. Made when first needed, kept for the next. Control thread. */
#ifndef SHARDFETCH_SINK_SLABS_H
#define SHARDFETCH_SINK_SLABS_H

#include <stdbool.h>

struct slabs;

struct slabs *slabs_new(unsigned budget); // slabs of SLAB_BYTES, at least 1
/* All are home. NULL is fine. */
void slabs_free(struct slabs *s);
/* NULL: the budget is used up, or the memory is not there for even one more. */
unsigned char *slabs_take(struct slabs *s);
void slabs_give(struct slabs *s, unsigned char *take_slab); // NULL is fine
bool slabs_any(const struct slabs *s);                      // would a take be within the budget?
unsigned slabs_out(const struct slabs *s);

#endif
