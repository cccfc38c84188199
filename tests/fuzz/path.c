/* Lines are names. One that is taken stays below its root whoever reads it; of a set that is taken
 * no name is another one or its directory (by the slow way of comparing). */
#include "download/plan/path.h"

#include "download/base/scoped.h"
#include "download/plan/path_fold.h"
#include "tests/fuzz/harmless.h"

enum { NAMES = 64 };

static void check_name(const char *path)
{
    size_t len = strlen(path);
    MUST(len > 0 && len <= PATH_TOTAL_MAX);
    MUST(path[0] != '/' && path[len - 1] != '/');
    MUST(!strpbrk(path, "\\\n\r\x1b\x7f"));
    MUST(str_is_utf8(path, len));
    for (const char *p = path; *p;) {
        size_t n = strcspn(p, "/");
        MUST(n > 0 && n <= PATH_COMPONENT_MAX);
        MUST(!(n == 1 && p[0] == '.') && !(n == 2 && p[0] == '.' && p[1] == '.'));
        p += n + (p[n] == '/');
    }
}

static bool clash(const char *a, const char *b)
{
    size_t n = strlen(a);
    return strncmp(a, b, n) == 0 && (b[n] == '\0' || b[n] == '/');
}

static bool any_clash(char *const *names, size_t count, const char **ret_twin)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            if (i == j || !clash(names[i], names[j])) continue;
            *ret_twin = names[i];
            return true;
        }
    }
    return false;
}

static void check_set(const char *const *names, size_t count)
{
    char *exact[NAMES];
    char *folded[NAMES];
    for (size_t i = 0; i < count; i++) {
        exact[i] = mem_strdup(names[i]);
        folded[i] = path_fold(names[i]);
    }
    const char *ignored = NULL;
    const char *twin = NULL;
    bool same = any_clash(exact, count, &ignored);
    bool twins = any_clash(folded, count, &ignored);
    enum err allowed = path_check_all(names, count, PATH_TWINS_ALLOWED, &twin, NULL);
    MUST((allowed == OK) == !same);
    if (allowed == OK) MUST((twin != NULL) == twins);
    enum err refused = path_check_all(names, count, PATH_TWINS_REFUSED, &twin, NULL);
    MUST((refused == OK) == !twins);
    for (size_t i = 0; i < count; i++) {
        mem_free(exact[i]);
        mem_free(folded[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED(mem_freep) char *text = text_of(data, size);
    const char *names[NAMES];
    size_t count = 0;
    for (char *rest = text; rest && count < NAMES;) {
        char *name = strsep(&rest, "\n");
        struct why why = {""};
        enum err e = path_check(name, &why);
        MUST(e == OK || e == ERR_REFUSED);
        must_be_harmless(why.text);
        if (e) continue;
        check_name(name);
        names[count++] = name;
    }
    check_set(names, count);
    return 0;
}
