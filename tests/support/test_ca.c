#include "tests/support/test_ca.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "download/base/mem.h"
#include "download/base/scoped.h"

static const long day_s = 24L * 3600;

static void key_freep(EVP_PKEY **k)
{
    EVP_PKEY_free(*k);
}

static void cert_freep(X509 **x)
{
    X509_free(*x);
}

static bool add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool added = e && X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
    return added;
}

/* A certificate without extensions, not yet signed. */
static X509 *cert_new(EVP_PKEY *key, const char *name, long serial, bool expired)
{
    X509 *x = X509_new();
    if (!x) return NULL;
    const unsigned char *text = (const unsigned char *)name;
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
    X509_gmtime_adj(X509_getm_notBefore(x), -2 * day_s);
    X509_gmtime_adj(X509_getm_notAfter(x), expired ? -day_s : 2 * day_s);
    X509_set_pubkey(x, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8, text, -1, -1, 0);
    return x;
}

static bool write_cert(const char *dir, const char *name, X509 *x)
{
    SCOPED(mem_freep) char *path = mem_printf("%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    bool written = f && PEM_write_X509(f, x);
    return f && fclose(f) == 0 && written;
}

static bool write_key(const char *dir, const char *name, EVP_PKEY *key)
{
    SCOPED(mem_freep) char *path = mem_printf("%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    bool written = f && PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
    return f && fclose(f) == 0 && written;
}

static bool make_authority(EVP_PKEY *key, X509 *ca)
{
    return X509_set_issuer_name(ca, X509_get_subject_name(ca)) &&
           add_extension(ca, ca, NID_basic_constraints, "critical,CA:TRUE") &&
           add_extension(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign") &&
           add_extension(ca, ca, NID_subject_key_identifier, "hash") &&
           X509_sign(ca, key, EVP_sha256());
}

static bool make_server(const struct test_cert *c, EVP_PKEY *ca_key, X509 *ca, X509 *server)
{
    const char *names = c->wrong_host ? "DNS:elsewhere.example" : "DNS:localhost,IP:127.0.0.1";
    return X509_set_issuer_name(server, X509_get_subject_name(ca)) &&
           add_extension(server, ca, NID_subject_alt_name, names) &&
           add_extension(server, ca, NID_ext_key_usage, "serverAuth") &&
           add_extension(server, ca, NID_authority_key_identifier, "keyid") &&
           X509_sign(server, ca_key, EVP_sha256());
}

enum err test_ca_make(const char *dir, const struct test_cert *c, struct why *why)
{
    SCOPED(key_freep) EVP_PKEY *ca_key = EVP_EC_gen("P-256");
    SCOPED(key_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
    if (!ca_key || !key) return fail(why, ERR_INTERNAL, "cannot make keys");
    SCOPED(cert_freep) X509 *ca = cert_new(ca_key, "shardfetch test authority", 1, false);
    SCOPED(cert_freep) X509 *server = cert_new(key, "localhost", 2, c->expired);
    if (!ca || !server || !make_authority(ca_key, ca) || !make_server(c, ca_key, ca, server)) {
        return fail(why, ERR_INTERNAL, "cannot make certificates");
    }
    if (!write_cert(dir, "ca.pem", ca) || !write_cert(dir, "server.pem", server) ||
        !write_key(dir, "server.key", key)) {
        return fail_errno(why, "cannot write certificates below '%s'", dir);
    }
    return OK;
}
