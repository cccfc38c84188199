/* test_ca.h - a certificate authority for one test, and a server's certificate signed by it. */
#ifndef SHARDFETCH_TESTS_TEST_CA_H
#define SHARDFETCH_TESTS_TEST_CA_H

#include <stdbool.h>

#include "download/base/err.h"

/* All zero is a certificate for localhost and 127.0.0.1, valid now. */
struct test_cert {
    bool expired;
    bool wrong_host; // made out to another name
};

/* Writes ca.pem, server.pem and server.key (P-256) into `dir`. */
NODISCARD enum err test_ca_make(const char *dir, const struct test_cert *c, struct why *why);

#endif
