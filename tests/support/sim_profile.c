#include "tests/support/sim_profile.h"

#include "download/base/scoped.h"

#define MB    (1e6)
#define GIB   (UINT64_C(1) << 30)
#define KIB   (UINT64_C(1) << 10)
#define SHARD .files = {{.count = 400, .bytes = 5 * GIB, .priority = PRIORITY_NORMAL}}

static const struct sim_plan PROFILES[] = {
    {"an even gigabit, 40 ms", .line = {.link = 125 * MB, .rtt = .04, .queue = .04, .server = .03},
     SHARD},
    {"a home line, 5 MB/s", .line = {.link = 5 * MB, .rtt = .025, .queue = .1, .server = .03},
     SHARD},
    {"20 MB/s per connection, 10 Gbit/s",
     .line =
         {.link = 1250 * MB, .rtt = .01, .queue = .02, .server = .02, .per_connection = 20 * MB},
     SHARD},
    {"5 MB/s per connection, 100 MB/s",
     .line = {.link = 100 * MB, .rtt = .03, .queue = .03, .server = .03, .per_connection = 5 * MB},
     SHARD},
    {"0.01 % loss, 40 ms, gigabit",
     .line = {.link = 125 * MB, .rtt = .04, .queue = .02, .server = .03, .loss = 1e-4}, SHARD},
    {"200 ms away, 2 Gbit/s, 30 MB/s per connection",
     .line = {.link = 250 * MB, .rtt = .2, .queue = .1, .server = .05, .per_connection = 30 * MB},
     SHARD},
    {"a crawl above 16",
     .line = {.link = 1250 * MB,
              .rtt = .02,
              .queue = .02,
              .server = .02,
              .per_connection = 20 * MB,
              .police = {.above = 16, .share = .01, .lasts = 1}},
     SHARD},
    {"a crawl after 10 s above 24",
     .line = {.link = 1250 * MB,
              .rtt = .02,
              .queue = .02,
              .server = .02,
              .per_connection = 20 * MB,
              .police = {.above = 24, .after = 10, .share = .01, .lasts = 1}},
     SHARD},
    {"429 above 12 connections",
     .line = {.link = 1250 * MB,
              .rtt = .02,
              .queue = .02,
              .server = .02,
              .per_connection = 20 * MB,
              .refuse = {.connections = 12, .retry_after = 1}},
     SHARD},
    {"one address of three is slow",
     .line = {.link = 300 * MB,
              .rtt = .02,
              .queue = .03,
              .server = .02,
              .per_connection = 20 * MB,
              .edges = {.count = 3, .slow = MB, .slow_count = 1}},
     SHARD},
    {"the address in use goes bad after 20 s",
     .line = {.link = 300 * MB,
              .rtt = .02,
              .queue = .03,
              .server = .02,
              .per_connection = 20 * MB,
              .edges =
                  {.count = 2, .slow = .5 * MB, .slow_count = 1, .slow_from = 20, .only_first = 1}},
     SHARD},
    {"a bursty neighbour",
     .line = {.link = 125 * MB,
              .rtt = .03,
              .queue = .04,
              .server = .03,
              .per_connection = 10 * MB,
              .neighbour = {.share = .6, .on = 2, .off = 3}},
     SHARD},
    {"a radio link that each connection costs",
     .line = {.link = 30 * MB, .rtt = .015, .queue = .1, .server = .02, .loss = 3e-5, .cost = .02},
     SHARD},
    {"a disk slower than the network",
     .line =
         {.link = 1250 * MB, .rtt = .01, .queue = .02, .server = .02, .per_connection = 50 * MB},
     SHARD, .disk = {.rate = 150 * MB, .queue = 64 * MB}},
    {"our own limit of 50 MB/s",
     .line =
         {.link = 1250 * MB, .rtt = .02, .queue = .02, .server = .02, .per_connection = 20 * MB},
     SHARD, .limit = {.rate = 50000000}},
    {"the cap per connection falls to a quarter after 40 s",
     .line = {.link = 200 * MB,
              .rtt = .02,
              .queue = .03,
              .server = .02,
              .per_connection = 20 * MB,
              .change = {.at = 40, .per_connection = 5 * MB}},
     SHARD},
    {"many small files, 40 ms", .line = {.link = 125 * MB, .rtt = .04, .queue = .04, .server = .03},
     .files = {{.count = 90000, .bytes = 64 * KIB, .priority = PRIORITY_NORMAL}}},
};

const struct sim_plan *sim_profiles(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(PROFILES);
    return PROFILES;
}
