#include <string.h>

#include <criterion/criterion.h>

#include "download/base/json.h"
#include "download/base/mem.h"
#include "tests/support/hub.h"
#include "tests/unit/support/fetch.h"

enum { MIB = 1024 * 1024 };

static struct hub *with_model(const struct hub_model *m)
{
    struct hub *h = NULL;
    struct why why = {{0}};
    cr_assert_eq(hub_start(&(struct hub_options){0}, &h, &why), OK, "%s", why.text);
    cr_assert_eq(hub_add_model(h, "demo/llama", m, &why), OK, "%s", why.text);
    return h;
}

static char *shard_name(const struct hub_model *m, unsigned i)
{
    if (m->shards == 1) return mem_strdup("model.safetensors");
    return mem_printf("model-%05u-of-%05u.safetensors", i + 1, m->shards);
}

static uint64_t offset_at(const struct json *pair, bool second)
{
    uint64_t n = UINT64_MAX;
    const struct json *v = json_first(pair);
    cr_assert(json_u64(second ? json_next(v) : v, &n));
    return n;
}

static uint64_t shape_product(const struct json *shape)
{
    uint64_t product = 1;
    for (const struct json *v = json_first(shape); v; v = json_next(v)) {
        uint64_t n = 0;
        cr_assert(json_u64(v, &n));
        product *= n;
    }
    return product;
}

/* The rules of hub.md §5.1: names ascend, tensors lie without holes, sizes agree with the shapes,
 * the last byte is the end of the file. Returns the bytes of all tensors. */
static uint64_t check_header(const char *text, size_t len, uint64_t data_bytes)
{
    struct why why = {{0}};
    SCOPED(json_doc_freep) struct json_doc *d = NULL;
    cr_assert_eq(json_parse(text, len, &d, &why), OK, "%s", why.text);
    uint64_t at = 0;
    const char *previous = "";
    for (const struct json *t = json_first(json_root(d)); t; t = json_next(t)) {
        const char *name = json_key(t);
        if (strcmp(name, "__metadata__") == 0) continue;
        cr_expect_gt(strcmp(name, previous), 0, "%s before %s", previous, name);
        previous = name;
        const struct json *offsets = json_get(t, "data_offsets");
        cr_expect_eq(offset_at(offsets, false), at, "%s", name);
        uint64_t end = offset_at(offsets, true);
        cr_expect_eq(end - at, 2 * shape_product(json_get(t, "shape")), "%s", name);
        at = end;
    }
    cr_expect_eq(at, data_bytes);
    return at;
}

static uint64_t check_shard(struct hub *h, const char *name, uint64_t size)
{
    struct hub_file_info info;
    unsigned char lead[8];
    cr_assert(hub_stat(h, "demo/llama", name, &info), "%s", name);
    cr_expect_eq(info.size, size, "%s", name);
    cr_assert(hub_read(h, "demo/llama", name, 0, lead, 8));
    uint64_t n = 0;
    for (unsigned i = 0; i < 8; i++) {
        n |= (uint64_t)lead[i] << (8 * i);
    }
    cr_expect_eq((8 + n) % 8, 0);
    cr_assert_lt(n, 25000000, "more than readers accept");
    SCOPED(mem_freep) char *text = mem_new((size_t)n + 1);
    cr_assert(hub_read(h, "demo/llama", name, 8, text, (size_t)n));
    cr_expect_eq(text[0], '{');
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == ' ') {
        len--;
    }
    return check_header(text, len, size - 8 - n);
}

static void check_index(struct hub *h, uint64_t total)
{
    struct hub_file_info info;
    cr_assert(hub_stat(h, "demo/llama", "model.safetensors.index.json", &info));
    SCOPED(mem_freep) char *text = mem_new((size_t)info.size + 1);
    cr_assert(
        hub_read(h, "demo/llama", "model.safetensors.index.json", 0, text, (size_t)info.size));
    SCOPED(json_doc_freep) struct json_doc *d = NULL;
    struct why why = {{0}};
    cr_assert_eq(json_parse(text, (size_t)info.size, &d, &why), OK, "%s", why.text);
    uint64_t told = 0;
    cr_assert(json_u64(json_get(json_get(json_root(d), "metadata"), "total_size"), &told));
    cr_expect_eq(told, total);
    for (const struct json *t = json_first(json_get(json_root(d), "weight_map")); t;
         t = json_next(t)) {
        cr_expect(hub_stat(h, "demo/llama", json_string(t), &info), "%s", json_key(t));
    }
}

Test(hub_model, shards_of_any_size_are_valid_safetensors)
{
    static const struct hub_model models[] = {
        {.shards = 1, .bytes = 8192},
        {.shards = 3, .bytes = 3 * 8192 + 17},
        {.shards = 1, .bytes = MIB},
        {.shards = 2, .bytes = 999999},
        {.shards = 8, .bytes = UINT64_C(256) * MIB, .no_digests = true},
        {.shards = 5, .bytes = UINT64_C(90) * 1024 * MIB, .no_digests = true},
        {.shards = 2, .bytes = UINT64_C(2000) * 1024 * MIB, .no_digests = true},
    };
    for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
        const struct hub_model *m = &models[i];
        SCOPED(hub_freep) struct hub *h = with_model(m);
        uint64_t total = 0;
        for (unsigned s = 0; s < m->shards; s++) {
            SCOPED(mem_freep) char *name = shard_name(m, s);
            total += check_shard(h, name, m->bytes / m->shards / 8 * 8);
        }
        if (m->shards > 1) check_index(h, total);
    }
}

Test(hub_model, too_small_a_shard_is_refused)
{
    struct hub *h = NULL;
    cr_assert_eq(hub_start(&(struct hub_options){0}, &h, NULL), OK);
    const struct hub_model m = {.shards = 2, .bytes = 8192};
    cr_expect_eq(hub_add_model(h, "a/b", &m, NULL), ERR_USAGE);
    hub_free(h);
}

Test(hub_model, the_same_seed_gives_the_same_digests_and_another_gives_others)
{
    const struct hub_model m = {.shards = 2, .bytes = UINT64_C(2) * MIB, .seed = 7};
    const struct hub_model other = {.shards = 2, .bytes = UINT64_C(2) * MIB, .seed = 8};
    SCOPED(hub_freep) struct hub *a = with_model(&m);
    SCOPED(hub_freep) struct hub *b = with_model(&m);
    SCOPED(hub_freep) struct hub *c = with_model(&other);
    struct hub_file_info x, y, z;
    for (unsigned i = 0; i < m.shards; i++) {
        SCOPED(mem_freep) char *name = shard_name(&m, i);
        cr_assert(hub_stat(a, "demo/llama", name, &x));
        cr_assert(hub_stat(b, "demo/llama", name, &y));
        cr_assert(hub_stat(c, "demo/llama", name, &z));
        cr_expect_str_eq(x.sha256, y.sha256);
        cr_expect_str_eq(x.oid, y.oid);
        cr_expect_str_neq(x.sha256, z.sha256);
    }
    char one[41], two[41];
    cr_assert(hub_commit_id(a, "demo/llama", "main", one));
    cr_assert(hub_commit_id(b, "demo/llama", "main", two));
    cr_expect_str_eq(one, two, "so is the commit");
}

Test(hub_model, digests_are_those_of_the_bytes_this_seed_always_gave)
{
    // Pinned: a change of the generator changes every digest somebody may have written down.
    const struct hub_model m = {.shards = 1, .bytes = MIB, .seed = 1};
    SCOPED(hub_freep) struct hub *h = with_model(&m);
    struct hub_file_info info;
    cr_assert(hub_stat(h, "demo/llama", "model.safetensors", &info));
    cr_expect_str_eq(info.sha256,
                     "504af4438ac4de7f19d2d9d848462ba7b3d1b02065135650e36f81ec5ac588b5");
}

Test(hub_model, bytes_do_not_depend_on_how_they_are_read)
{
    enum { WINDOW = 4096 };
    const uint64_t far = (UINT64_C(1) << 32) + 12345;
    struct hub *h = NULL;
    cr_assert_eq(hub_start(&(struct hub_options){0}, &h, NULL), OK);
    hub_add_generated(h, "a/b", "huge.bin", UINT64_C(1) << 40, 3, false);
    unsigned char whole[WINDOW], piece[WINDOW];
    cr_assert(hub_read(h, "a/b", "huge.bin", far, whole, WINDOW));
    for (size_t from = 0; from < 20; from++) {
        for (size_t len = 0; len < 20; len++) {
            cr_assert(hub_read(h, "a/b", "huge.bin", far + from, piece, len));
            cr_expect_arr_eq(piece, whole + from, len, "%zu at %zu", len, from);
        }
    }
    cr_assert(hub_read(h, "a/b", "huge.bin", 12345, piece, WINDOW));
    cr_expect_arr_neq(piece, whole, WINDOW, "no 32-bit offset anywhere");
    cr_expect_not(hub_read(h, "a/b", "huge.bin", UINT64_C(1) << 40, piece, 1), "beyond the end");
    hub_free(h);
}

Test(hub_model, a_range_beyond_4_gib_comes_over_http)
{
    struct hub *h = NULL;
    cr_assert_eq(hub_start(&(struct hub_options){0}, &h, NULL), OK);
    hub_add_generated(h, "a/b", "huge.bin", UINT64_C(1) << 40, 3, false);
    unsigned char want[1000];
    cr_assert(hub_read(h, "a/b", "huge.bin", UINT64_C(5000000000), want, sizeof(want)));
    SCOPED(fetched_done)
    struct fetch f =
        fetch_at(hub_endpoint(h), "/a/b/resolve/main/huge.bin",
                 &(struct fetch_with){.follow = true, .range = "5000000000-5000000999"});
    cr_expect_eq(f.status, 206);
    cr_expect(fetch_header_is(&f, "Content-Range", "bytes 5000000000-5000000999/1099511627776"));
    cr_assert_eq(f.body.len, sizeof(want));
    cr_expect_arr_eq(f.body.data, want, sizeof(want));
    hub_free(h);
}
