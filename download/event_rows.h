/* event_rows.h - the rows of which some events have several: files, tasks, resources, origins.
 * Plain values; texts are in them or of static storage, so that rows are copied as they are. */
#ifndef SHARDFETCH_DOWNLOAD_EVENT_ROWS_H
#define SHARDFETCH_DOWNLOAD_EVENT_ROWS_H

#include <stdint.h>

#define NUMBER_UNKNOWN UINT64_MAX // printed as null

enum file_status {
    FILE_NOT_STARTED,
    FILE_IN_PROGRESS,
    FILE_VERIFYING,
    FILE_COMPLETE,
    FILE_PAUSED,
    FILE_FAILED,
};
const char *file_status_word(enum file_status s);

struct progress_file {
    uint64_t id;
    uint64_t downloaded, total;  // bytes; total NUMBER_UNKNOWN when not known
    uint64_t bytes_per_s, eta_s; // eta NUMBER_UNKNOWN when not known
    enum file_status status;
    uint64_t verified_bytes; // fed to the digest so far
};

/* One task of what runs at this moment. */
enum { TASK_ROW_NAME_MAX = 128 };
struct task_row {
    uint64_t id, parent; // parent 0 = none
    unsigned depth;
    const char *kind, *state; // static storage
    char name[TASK_ROW_NAME_MAX];
    uint64_t elapsed_ms; // since it began
};
enum { TASK_REASON_MAX = 128, EVENT_RESOURCES = 3 };
struct resource_row {
    const char *name, *state; // static storage
    char reason[TASK_REASON_MAX];
};

/* What one origin of files was asked for and brought. */
enum { ORIGIN_NAME_MAX = 256, RESULT_ORIGINS_MAX = 8 };
struct origin_row {
    char name[ORIGIN_NAME_MAX];
    uint64_t requests, failures, bytes;
    uint64_t wrong;               // times that its bytes were not the file's
    uint64_t connections, reused; // made, and requests that went over one made before
    uint64_t addresses;           // different ones that answered; 0 = a proxy stood between
};

#endif
