/* git_sha1.h - git's blob id: SHA-1 of "blob <size>\0" and the bytes. Only hasher.c uses it. */
#ifndef SHARDFETCH_HASH_GIT_SHA1_H
#define SHARDFETCH_HASH_GIT_SHA1_H

#include "hash/hasher_ops.h"

extern const struct hasher_ops GIT_SHA1_OPS;

#endif
