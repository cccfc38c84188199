#include "download/xfer/via.h"

#include <string.h>

#include "download/base/clean.h"
#include "download/base/str.h"

const char *via_proxy(const struct net *net, const char *url)
{
    const char *proxy = str_starts_nocase(url, "https:") ? net->https_proxy : net->http_proxy;
    return str_empty(proxy) ? NULL : proxy;
}

void via_show(const char *proxy, char *ret, size_t size)
{
    const char *authority = strstr(proxy, "://");
    authority = authority ? authority + 3 : proxy;
    const char *at = strrchr(authority, '@'); // passwords hold slashes, too
    if (at) authority = at + 1;
    struct clean shown;
    clean(authority, &shown);
    shown.text[strcspn(shown.text, "/?#")] = '\0';
    clean_copy(shown.text, ret, size);
}
