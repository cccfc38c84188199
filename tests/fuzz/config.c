/* Whatever a config file says, the settings stay within their limits, and a complaint names a line
 * that is there. */
#include <string.h>

#include "cli/config.h"
#include "download/base/mem.h"
#include "download/base/str.h"
#include "tests/fuzz/must.h"

static void check_complaint(const struct why *why, const char *text, size_t lines)
{
    static const char PLACE[] = "FILE:";
    MUST(strncmp(why->text, PLACE, strlen(PLACE)) == 0);
    const char *number = why->text + strlen(PLACE);
    uint64_t line = 0;
    MUST(str_u64_n(number, strspn(number, "0123456789"), lines, &line));
    MUST(line >= 1);
    MUST(*text);
}

static void check_number(const struct options *o, const struct option *row)
{
    const void *field = (const char *)o + row->offset;
    uint64_t n = row->min;
    if (row->kind == KIND_COUNT) n = *(const unsigned *)field;
    if (row->kind == KIND_NUMBER) n = *(const uint64_t *)field;
    bool automatic = n == 0 && row->arg && strstr(row->arg, "|auto");
    MUST(automatic || n >= row->min);
    MUST(row->max == 0 || n <= row->max);
}

static void check_settings(const struct options *o)
{
    size_t count;
    const struct option *rows = options_rows(&count);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].flag_only) MUST(o->origin[i].layer == LAYER_DEFAULT);
        if (rows[i].kind == KIND_COUNT || rows[i].kind == KIND_NUMBER) check_number(o, &rows[i]);
    }
    const char *type = o->settings.repo_type;
    MUST(!type || str_eq(type, "model") || str_eq(type, "dataset") || str_eq(type, "space"));
    MUST(o->settings.ip == IP_ANY || o->settings.ip == IP_V4 || o->settings.ip == IP_V6);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED(mem_freep) char *text = mem_strndup((const char *)data, size);
    SCOPED(mem_freep) char *given = mem_strdup(text);
    size_t lines = 1;
    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    struct options o;
    options_init(&o);
    struct why why = {""};
    enum err e = config_apply("FILE", text, &o, &why);
    MUST(e == OK || e == ERR_USAGE);
    if (e) check_complaint(&why, given, lines);
    check_settings(&o);
    options_done(&o);
    return 0;
}
