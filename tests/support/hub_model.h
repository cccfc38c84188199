/* hub_model.h - a model that does not exist: valid safetensors shards (hub.md §5.1) with the tensor
 * names of a Llama, index, config and tokenizer files, of any size, from a seed. */
#ifndef SHARDFETCH_TESTS_HUB_MODEL_H
#define SHARDFETCH_TESTS_HUB_MODEL_H

#include "download/base/err.h"
#include "tests/support/hub_repo.h"

enum { HUB_MODEL_EXTRAS = 7 }; // files beside the shards, at most

struct hub_model_plan {
    unsigned shards;
    uint64_t shard_bytes; // each file's size, a multiple of 8
    uint64_t seed;
    uint64_t hidden; // width of the residual stream
    uint64_t vocab;  // rows of embedding and output
    uint64_t layers; // in each shard
};
/* ERR_USAGE when the shards would be too small to hold a header and a tensor. */
NODISCARD enum err hub_model_plan(unsigned shards, uint64_t bytes, uint64_t seed,
                                  struct hub_model_plan *ret, struct why *why);
/* Adds unsealed files to the store: `ret_files` has room for shards + HUB_MODEL_EXTRAS. The first
 * `shards` of them are the LFS ones. Returns how many. */
size_t hub_model_files(struct hub_store *s, const struct hub_model_plan *p,
                       struct hub_file **ret_files);

#endif
