/* file_places_private.h - what file_places.c and file_moves.c share. */
#ifndef SHARDFETCH_DOWNLOAD_FILE_PLACES_PRIVATE_H
#define SHARDFETCH_DOWNLOAD_FILE_PLACES_PRIVATE_H

#include "download/file_places.h"

bool place_is_own(const struct place *p);
bool place_is_out(const struct place *p);
/* The best of those that are in one of two states and not suspected; NULL when there is none. */
struct place *places_best(const struct file_task *t, enum place_state a, enum place_state b);
/* Another place may have it, and is well. Says no in the end, so that places that fail by turns
 * come to one. */
bool places_others(const struct file_task *t, const struct place *but);
/* Its origin is out, unless `wait_ns` is 0: told as an event. */
void place_tell_out(const struct place *p, const char *cause, uint64_t wait_ns);
/* It is GONE for this file. */
void place_drop(struct place *p, const char *cause);
/* Where no place answers and none is asked: the next one. */
void places_ask_next(struct file_task *t);

#endif
