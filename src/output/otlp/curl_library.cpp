#include "output/otlp/curl_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include "base/text.h"

namespace sslsniff {
namespace {

/// The name that every distribution gives it (its interface is 4 since 2006), and that of Debian's build with
/// GnuTLS.
constexpr const char* kNames[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};

void* open_library() {
    for (const char* name : kNames) {
        if (void* library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE); library != nullptr) {
            return library;
        }
    }
    return nullptr;
}

template <class Function>
bool find(void* library, const char* name, Function& function) {
    // What a symbol is, only its header knows.
    function = reinterpret_cast<Function>(::dlsym(library, name));  // NOLINT(*-reinterpret-cast)
    return function != nullptr;
}

}  // namespace

Result<CurlLibrary> CurlLibrary::load() {
    void* library = open_library();
    if (library == nullptr) {
        return fail(
            ErrorKind::unsupported,
            "-o otlp needs libcurl, and libcurl.so.4 cannot be loaded: install the package libcurl4 (or "
            "libcurl)");
    }
    CurlLibrary curl;
    decltype(&::curl_global_init) global_init = nullptr;
    const bool has_all = find(library, "curl_global_init", global_init) &&
                         find(library, "curl_easy_init", curl.easy_init) &&
                         find(library, "curl_easy_cleanup", curl.easy_cleanup) &&
                         find(library, "curl_easy_reset", curl.easy_reset) &&
                         find(library, "curl_easy_setopt", curl.easy_setopt) &&
                         find(library, "curl_easy_getinfo", curl.easy_getinfo) &&
                         find(library, "curl_easy_strerror", curl.easy_strerror) &&
                         find(library, "curl_multi_init", curl.multi_init) &&
                         find(library, "curl_multi_cleanup", curl.multi_cleanup) &&
                         find(library, "curl_multi_add_handle", curl.multi_add_handle) &&
                         find(library, "curl_multi_remove_handle", curl.multi_remove_handle) &&
                         find(library, "curl_multi_perform", curl.multi_perform) &&
                         find(library, "curl_multi_poll", curl.multi_poll) &&
                         find(library, "curl_multi_info_read", curl.multi_info_read) &&
                         find(library, "curl_slist_append", curl.slist_append) &&
                         find(library, "curl_slist_free_all", curl.slist_free_all);
    if (!has_all || global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return fail(ErrorKind::unsupported, "-o otlp needs libcurl 7.77 or newer: this one is older");
    }
    return curl;
}

}  // namespace sslsniff
