/* admit.h - which files begin, and how many are worked on at once: as many as the user said, or a
 * few, and more only while what is left of them is too little to keep all connections busy. So
 * large files are done one after another, and small ones do not wait for each other's round trips.
 * Control thread. */
#ifndef SHARDFETCH_DOWNLOAD_ADMIT_H
#define SHARDFETCH_DOWNLOAD_ADMIT_H

struct fetch;
struct settings;

/* Files of the plan ask where their bytes are. */
void admit_begin(struct fetch *f);
/* Those that know get a place among the ones that are worked on. */
void admit_work(struct fetch *f);
/* At most. */
unsigned admit_most(const struct settings *s);

#endif
