/* journal.h - what of a part file is in its place, kept beside it so that the next run goes on.
 * Append-only records of fixed size with a checksum; the reader stops at the first bad one. The
 * first record binds the journal to its source (a 32-byte identity), size and tool version: another
 * identity means another file, and nothing of it counts. Being wrong costs bandwidth or a re-hash,
 * never bytes: a digest is computed over what is read back (reliability.md §4.3).
 * Control thread, or one worker while it holds the file. */
#ifndef SHARDFETCH_JOURNAL_JOURNAL_H
#define SHARDFETCH_JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "download/base/err.h"
#include "download/plan/ranges.h"

enum { JOURNAL_IDENTITY_BYTES = 32, JOURNAL_RECORD_BYTES = 128 };

struct journal {
    int fd;
    uint64_t seq; // of the next record
};

/* What a journal vouches for: one part file of one source. */
struct journal_binding {
    const uint8_t *identity; // JOURNAL_IDENTITY_BYTES
    uint64_t size;
    uint64_t part_inode;
};

/* Reads `fd` (read/write, at any length). If it is a journal of that binding, its ranges are added
 * to `ret_done` and what follows the first bad record is cut off; otherwise it is started anew and
 * `ret_done` is left as it is. */
NODISCARD enum err journal_open(struct journal *j, int fd, const struct journal_binding *binding,
                                struct ranges *ret_done, struct why *why);
/* [from, to) is written (kill-safe: it is in the page cache). */
NODISCARD enum err journal_add(struct journal *j, uint64_t from, uint64_t to, struct why *why);
/* Forgets everything but the header. */
NODISCARD enum err journal_restart(struct journal *j, struct why *why);

/* CRC-32C (Castagnoli), as in RFC 3720 §B.4. */
uint32_t crc32c(const void *data, size_t len);

#endif
