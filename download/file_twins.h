/* file_twins.h - what the last connections bring too slowly is asked for once more (sched/tail.h),
 * and the first to bring it wins. A file has one such pair at a time:
 *
 *   first    goes on in the part file
 *   second   fills memory of its own with the rest: two writers at one place would make what was
 *            hashed something else than what is there, should one of them be wrong
 *
 *   second is through before first     first is ended, what it did not bring is moved over
 *   first is through                   second is ended, what it has is dropped
 *   first fails, or is ended           second has the rest to itself
 *   second fails while first runs      is as if it had not been
 *
 * The memory is what tail.h allows at most, TAIL_HEDGE_BYTES. Control thread. */
#ifndef SHARDFETCH_DOWNLOAD_FILE_TWINS_H
#define SHARDFETCH_DOWNLOAD_FILE_TWINS_H

#include "download/file_task.h"

struct twin {
    struct part_task *first, *second; // NULL: it has ended
    int fd;                           // of the second, at the file's own offsets
    struct range range;               // asked for twice
    uint64_t reached;                 // [range.from, reached) came to the second
    uint64_t missing;                 // when the first has ended: it brought what is before
    struct range moved;               // by the job; of no length: there is none
    size_t place;
    struct origin *origin;
};

/* part_start.c. False: not now. */
bool twin_start(struct part_task *first);
bool twin_is_second(const struct file_task *t, const struct part_task *p);
/* It is one of the two. */
bool twin_of(const struct file_task *t, const struct part_task *p);
/* Bytes that came to the second are not in their place yet: true, and they are noted. */
bool twin_counts(struct file_task *t, const struct part_task *p, uint64_t reached);
/* It has come back. True: the twin keeps its claim. */
bool twin_ended(struct file_task *t, struct part_task *p);
/* Moves over what is to be moved; no job may be out. */
void twin_step(struct file_task *t);
/* Nothing of it counts. NULL is fine, also while neither of the two runs. */
void twin_drop(struct file_task *t);
/* Bytes that may still come twice. */
uint64_t twin_left(const struct file_task *t);

#endif
