#include "tests/support/hub_model.h"

#include <stdlib.h>
#include <string.h>

#include "download/base/buf.h"
#include "download/base/mem.h"
#include "download/base/scoped.h"

enum {
    MIN_SHARD_BYTES = 8192, // one layer of the narrowest model with its header
    MIN_HIDDEN = 8,
    MAX_HIDDEN = 8192,
    MAX_VOCAB = 128256,    // Llama 3
    HEAD_PER_LAYER = 1400, // text of nine tensors, measured about 1150
    LAYER_TENSORS = 9,
    TEXT_MAX = 1 << 30,
    BF16_BYTES = 2,
};

struct tensor {
    char *name;
    uint64_t rows;
    uint64_t cols; // 0 = one dimension
};

struct shard {
    struct tensor *tensors;
    size_t count;
    uint64_t data_bytes;
};

static uint64_t intermediate(uint64_t hidden)
{
    return hidden * 7 / 2;
}

/* q, o: h*h; k, v: h/4*h; gate, up, down: h*7/2*h; two norms: h. */
static uint64_t layer_bytes(uint64_t h)
{
    return BF16_BYTES * (13 * h * h + 2 * h);
}

static uint64_t vocab_for(uint64_t hidden, uint64_t shard_bytes)
{
    uint64_t rows = shard_bytes / 8 / (BF16_BYTES * hidden);
    if (rows == 0) return 1;
    return rows < MAX_VOCAB ? rows : MAX_VOCAB;
}

enum err hub_model_plan(unsigned shards, uint64_t bytes, uint64_t seed, struct hub_model_plan *ret,
                        struct why *why)
{
    if (shards == 0 || shards > 99999) return fail(why, ERR_USAGE, "%u shards", shards);
    uint64_t each = bytes / shards / 8 * 8;
    if (each < MIN_SHARD_BYTES) {
        return fail(why, ERR_USAGE, "shards of %llu bytes are too small, need %d",
                    (unsigned long long)each, MIN_SHARD_BYTES);
    }
    uint64_t hidden = MAX_HIDDEN;
    while (hidden > MIN_HIDDEN && 4 * (layer_bytes(hidden) + HEAD_PER_LAYER) > each) {
        hidden /= 2;
    }
    uint64_t vocab = vocab_for(hidden, each);
    uint64_t ends = BF16_BYTES * hidden * (vocab + 1) + 512;
    *ret = (struct hub_model_plan){.shards = shards,
                                   .shard_bytes = each,
                                   .seed = seed,
                                   .hidden = hidden,
                                   .vocab = vocab,
                                   .layers =
                                       (each - 2 * ends) / (layer_bytes(hidden) + HEAD_PER_LAYER)};
    return OK;
}

/* ---- one shard ---- */

static uint64_t tensor_bytes(const struct tensor *t)
{
    return BF16_BYTES * t->rows * (t->cols ? t->cols : 1);
}

static void add_tensor(struct shard *s, char *take_name, uint64_t rows, uint64_t cols)
{
    s->tensors[s->count++] = (struct tensor){.name = take_name, .rows = rows, .cols = cols};
}

static void add_layer(struct shard *s, uint64_t layer, uint64_t h, uint64_t wide)
{
    const struct {
        const char *name;
        uint64_t rows, cols;
    } parts[LAYER_TENSORS] = {
        {"input_layernorm", h, 0},          {"mlp.down_proj", h, wide},
        {"mlp.gate_proj", wide, h},         {"mlp.up_proj", wide, h},
        {"post_attention_layernorm", h, 0}, {"self_attn.k_proj", h / 4, h},
        {"self_attn.o_proj", h, h},         {"self_attn.q_proj", h, h},
        {"self_attn.v_proj", h / 4, h},
    };
    for (size_t i = 0; i < LAYER_TENSORS; i++) {
        char *name =
            mem_printf("model.layers.%llu.%s.weight", (unsigned long long)layer, parts[i].name);
        add_tensor(s, name, parts[i].rows, parts[i].cols);
    }
}

static int by_name(const void *a, const void *b)
{
    const struct tensor *x = a;
    const struct tensor *y = b;
    return strcmp(x->name, y->name);
}

/* The tensors of shard `i`; the last layer's MLP is `extra` wider, to come near the wanted size. */
static struct shard shard_tensors(const struct hub_model_plan *p, unsigned i, uint64_t extra)
{
    struct shard s = {.tensors =
                          mem_array((size_t)p->layers * LAYER_TENSORS + 3, sizeof(struct tensor))};
    uint64_t wide = intermediate(p->hidden);
    if (i == 0) add_tensor(&s, mem_strdup("model.embed_tokens.weight"), p->vocab, p->hidden);
    for (uint64_t l = 0; l < p->layers; l++) {
        add_layer(&s, i * p->layers + l, p->hidden, l + 1 < p->layers ? wide : wide + extra);
    }
    if (i + 1 == p->shards) {
        add_tensor(&s, mem_strdup("lm_head.weight"), p->vocab, p->hidden);
        add_tensor(&s, mem_strdup("model.norm.weight"), p->hidden, 0);
    }
    qsort(s.tensors, s.count, sizeof(*s.tensors), by_name);
    for (size_t t = 0; t < s.count; t++) {
        s.data_bytes += tensor_bytes(&s.tensors[t]);
    }
    return s;
}

static void shard_done(struct shard *s)
{
    for (size_t i = 0; i < s->count; i++) {
        mem_free(s->tensors[i].name);
    }
    mem_free(s->tensors);
}

/* The JSON of the header, without its length and padding. */
static void header_text(const struct shard *s, struct buf *ret)
{
    uint64_t at = 0;
    buf_adds(ret, "{\"__metadata__\":{\"format\":\"pt\"}");
    for (size_t i = 0; i < s->count; i++) {
        const struct tensor *t = &s->tensors[i];
        buf_addf(ret, ",\"%s\":{\"dtype\":\"BF16\",\"shape\":[%llu", t->name,
                 (unsigned long long)t->rows);
        if (t->cols) buf_addf(ret, ",%llu", (unsigned long long)t->cols);
        buf_addf(ret, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)at,
                 (unsigned long long)at + tensor_bytes(t));
        at += tensor_bytes(t);
    }
    buf_addc(ret, '}');
}

static uint64_t spare_bytes(const struct shard *s, uint64_t want)
{
    struct buf text;
    buf_init(&text, TEXT_MAX);
    header_text(s, &text);
    uint64_t slack = 16 + 4 * s->count; // numbers that get a digit longer
    uint64_t used = 8 + text.len + slack + s->data_bytes;
    buf_done(&text);
    return used < want ? want - used : 0;
}

static struct shard shard_fitted(const struct hub_model_plan *p, unsigned i)
{
    struct shard s = shard_tensors(p, i, 0);
    uint64_t extra = spare_bytes(&s, p->shard_bytes) / (p->hidden * 3 * BF16_BYTES);
    if (p->layers == 0 || extra == 0) return s;
    shard_done(&s);
    return shard_tensors(p, i, extra);
}

/* Length, JSON, spaces up to where the data begins: 8 + N + data = the size of the file. */
static struct content shard_content(const struct hub_model_plan *p, const struct shard *s,
                                    uint64_t seed)
{
    struct buf text;
    buf_init(&text, TEXT_MAX);
    buf_add(&text, "\0\0\0\0\0\0\0\0", 8);
    header_text(s, &text);
    uint64_t head = p->shard_bytes - s->data_bytes;
    while (text.len < head) {
        buf_addc(&text, ' ');
    }
    uint64_t n = text.len - 8;
    for (size_t i = 0; i < 8; i++) {
        text.data[i] = (char)(unsigned char)(n >> (8 * i));
    }
    size_t len = text.len;
    return content_generated(buf_take(&text), len, len + s->data_bytes, seed);
}

/* ---- the files beside them ---- */

static struct hub_file *add_text(struct hub_store *st, const char *path, struct buf *take_text)
{
    size_t len = take_text->len;
    return hub_file_new(st, path, content_of_text(buf_take(take_text), len), false);
}

static struct hub_file *add_config(struct hub_store *st, const struct hub_model_plan *p)
{
    struct buf b;
    buf_init(&b, TEXT_MAX);
    uint64_t heads = p->hidden >= 128 ? p->hidden / 64 : 4;
    buf_addf(&b,
             "{\n  \"architectures\": [\"LlamaForCausalLM\"],\n  \"model_type\": \"llama\",\n"
             "  \"hidden_size\": %llu,\n  \"intermediate_size\": %llu,\n"
             "  \"num_hidden_layers\": %llu,\n  \"num_attention_heads\": %llu,\n"
             "  \"num_key_value_heads\": %llu,\n  \"vocab_size\": %llu,\n"
             "  \"max_position_embeddings\": 8192,\n  \"rms_norm_eps\": 1e-05,\n"
             "  \"rope_theta\": 500000.0,\n  \"bos_token_id\": 0,\n  \"eos_token_id\": 1,\n"
             "  \"tie_word_embeddings\": false,\n  \"torch_dtype\": \"bfloat16\"\n}\n",
             (unsigned long long)p->hidden, (unsigned long long)intermediate(p->hidden),
             (unsigned long long)p->layers * p->shards, (unsigned long long)heads,
             (unsigned long long)(heads / 4), (unsigned long long)p->vocab);
    return add_text(st, "config.json", &b);
}

static struct hub_file *add_tokenizer(struct hub_store *st)
{
    enum { TOKENS = 512 };
    struct buf b;
    buf_init(&b, TEXT_MAX);
    buf_adds(&b, "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":["
                 "{\"id\":0,\"content\":\"<s>\",\"special\":true},"
                 "{\"id\":1,\"content\":\"</s>\",\"special\":true}],\"normalizer\":null,"
                 "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false},"
                 "\"post_processor\":null,\"decoder\":{\"type\":\"ByteLevel\"},"
                 "\"model\":{\"type\":\"BPE\",\"vocab\":{\"<s>\":0,\"</s>\":1");
    for (int i = 2; i < TOKENS; i++) {
        buf_addf(&b, ",\"t%d\":%d", i, i);
    }
    buf_adds(&b, "},\"merges\":[]}}\n");
    return add_text(st, "tokenizer.json", &b);
}

static struct hub_file *add_fixed(struct hub_store *st, const char *path, const char *text)
{
    return hub_file_new(st, path, content_of_bytes(text, strlen(text)), false);
}

static void index_add(struct buf *map, const struct shard *s, const char *file)
{
    for (size_t i = 0; i < s->count; i++) {
        buf_addf(map, "%s\n    \"%s\": \"%s\"", map->len ? "," : "", s->tensors[i].name, file);
    }
}

static struct hub_file *add_index(struct hub_store *st, uint64_t total, struct buf *map)
{
    struct buf b;
    buf_init(&b, TEXT_MAX);
    buf_addf(&b, "{\n  \"metadata\": {\"total_size\": %llu},\n  \"weight_map\": {%s\n  }\n}\n",
             (unsigned long long)total, buf_str(map));
    return add_text(st, "model.safetensors.index.json", &b);
}

static char *shard_name(const struct hub_model_plan *p, unsigned i)
{
    if (p->shards == 1) return mem_strdup("model.safetensors");
    return mem_printf("model-%05u-of-%05u.safetensors", i + 1, p->shards);
}

size_t hub_model_files(struct hub_store *s, const struct hub_model_plan *p,
                       struct hub_file **ret_files)
{
    size_t n = 0;
    uint64_t total = 0;
    struct buf map;
    buf_init(&map, TEXT_MAX);
    for (unsigned i = 0; i < p->shards; i++) {
        struct shard shard = shard_fitted(p, i);
        SCOPED(mem_freep) char *name = shard_name(p, i);
        struct content c = shard_content(p, &shard, seed_of(p->seed, name));
        ret_files[n++] = hub_file_new(s, name, c, true);
        index_add(&map, &shard, name);
        total += shard.data_bytes;
        shard_done(&shard);
    }
    if (p->shards > 1) ret_files[n++] = add_index(s, total, &map);
    buf_done(&map);
    ret_files[n++] = add_config(s, p);
    ret_files[n++] = add_tokenizer(s);
    ret_files[n++] =
        add_fixed(s, "generation_config.json",
                  "{\"bos_token_id\": 0, \"eos_token_id\": 1, \"temperature\": 0.6}\n");
    ret_files[n++] =
        add_fixed(s, "tokenizer_config.json",
                  "{\"bos_token\": \"<s>\", \"eos_token\": \"</s>\", \"model_max_length\": 8192,\n"
                  " \"tokenizer_class\": \"PreTrainedTokenizerFast\"}\n");
    ret_files[n++] = add_fixed(s, "special_tokens_map.json",
                               "{\"bos_token\": \"<s>\", \"eos_token\": \"</s>\"}\n");
    ret_files[n++] = add_fixed(s, "README.md", "# A model that does not exist\n\nFor tests.\n");
    return n;
}
