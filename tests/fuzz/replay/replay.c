/* replay.c - runs one fuzz target over the empty input and every file of its corpus folder: what
 * the search once found stays found, with any compiler. A missing folder is an empty corpus. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define INPUT_MAX (1U << 20) // bytes; libFuzzer's own inputs are far below

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t input[INPUT_MAX];

static int replay_file(const char *folder, const char *name)
{
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = n > 0 && (size_t)n < sizeof(path) ? fopen(path, "rb") : NULL;
    if (!f) {
        fprintf(stderr, "cannot open '%s' in '%s'\n", name, folder);
        return 1;
    }
    size_t size = fread(input, 1, sizeof(input), f);
    fclose(f);
    fprintf(stderr, "%s (%zu bytes)\n", path, size);
    LLVMFuzzerTestOneInput(input, size); // aborts when its property does not hold
    return 0;
}

static int replay_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir) return errno == ENOENT ? 0 : 1;

    int failed = 0;
    for (struct dirent *d = readdir(dir); d; d = readdir(dir)) {
        if (d->d_name[0] != '.') failed |= replay_file(folder, d->d_name);
    }
    closedir(dir);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
        return 2;
    }
    LLVMFuzzerTestOneInput(input, 0);
    return replay_folder(argv[1]);
}
