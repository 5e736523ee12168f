#include "capture/discovery/tls_library.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

namespace sslsniff {
namespace {

constexpr std::string_view kNotYet = "which sslsniff does not capture yet";
constexpr std::string_view kNoSymbols =
    "which is linked in without symbols, so that its functions cannot be found";
constexpr std::string_view kText = ".rodata";

/// A library recognised by a function it defines. The first row that fits wins.
struct ByFunction {
    std::string_view function;
    std::string_view name;
    std::string_view version_prefix;  ///< in .rodata; empty: it does not tell
    std::string_view obstacle;
};
constexpr std::array kByFunction{
    ByFunction{"SSL_read", "OpenSSL", {}, {}},
    ByFunction{"gnutls_record_recv", "GnuTLS", "Enabled GnuTLS ", kNotYet},
    ByFunction{"SSL_ImportFD", "NSS", "NSS ", kNotYet},
    ByFunction{"mbedtls_ssl_read", "Mbed TLS", {}, kNotYet},
    ByFunction{"wolfSSL_read", "wolfSSL", {}, kNotYet},
    ByFunction{"s2n_recv", "s2n-tls", {}, kNotYet},
    // Their TLS is no native code, and any program that they run may use it.
    ByFunction{"JNI_CreateJavaVM", "Java TLS (JSSE)", {}, kNotYet},
    ByFunction{"enif_make_tuple_from_array", "Erlang ssl", {}, kNotYet},
};

/// A library linked in without symbols, recognised by a text of its own (state names, source paths). It is
/// given in two parts so that sslsniff does not find it in itself. Rows of one name follow each other: the
/// first that fits tells the version, too.
struct ByText {
    std::string_view head;
    std::string_view tail;
    std::string_view name;
    std::string_view version_prefix;
    std::string_view obstacle;
};
constexpr std::array kByText{
    // OpenSSL since 1.1.0: __FILE__ in what errors remember; SSL_state_string_long(), which few link
    ByText{"ssl/statem", "/statem.c", "OpenSSL", "OpenSSL ", kNoSymbols},
    ByText{"SSLv3/TLS", " write client hello", "OpenSSL", "OpenSSL ", kNoSymbols},
    // __FILE__ again: AWS-LC and BoringSSL share the rest
    ByText{"aws-lc/ssl", "/ssl_lib.cc", "AWS-LC", {}, kNoSymbols},
    ByText{"boringssl/", "src/ssl/ssl_lib.cc", "BoringSSL", {}, kNoSymbols},
    ByText{"boringssl/", "ssl/ssl_lib.cc", "BoringSSL", {}, kNoSymbols},
    // SSL_state_string_long() of BoringSSL
    ByText{"TLS client", " read_server_hello", "BoringSSL", {}, kNoSymbols},
    // panic locations in what cargo, Debian and Bazel have unpacked; without paths a text of rustls::Error
    ByText{"/rustls", "-0.", "rustls", "/rustls-", kNotYet},
    ByText{"_rustls", "-0.", "rustls", "_rustls-", kNotYet},
    ByText{"received corrupt", " message of type", "rustls", {}, kNotYet},
    // gnutls_global_init()
    ByText{"Enabled GnuTLS", " 3", "GnuTLS", "Enabled GnuTLS ", kNotYet},
};

/// Go keeps the names of its functions in stripped programs too; some linkers merge the table's section.
constexpr std::array<std::string_view, 3> kGoTables{".gopclntab", ".data.rel.ro.gopclntab", ".data.rel.ro"};
constexpr std::array<std::string_view, 1> kGoFunction{"crypto/tls.(*Conn).Read"};

/// Forms of OpenSSL's own version text, most special first.
struct CryptoFlavour {
    std::string_view text;
    std::string_view name;
    std::string_view version_prefix;
};
constexpr std::array kCryptoFlavours{
    CryptoFlavour{"(compatible; BoringSSL)", "BoringSSL", {}},
    CryptoFlavour{"(compatible; AWS-LC", "AWS-LC", "AWS-LC "},
    CryptoFlavour{"LibreSSL ", "LibreSSL", "LibreSSL "},
    CryptoFlavour{"OpenSSL ", "OpenSSL", "OpenSSL "},
};

std::string version_of(const ElfImage& image, std::string_view prefix) {
    return prefix.empty() ? std::string{} : image.version_after(kText, prefix).value_or("");
}

std::optional<TlsIdentity> identify_by_function(const ElfImage& image, const ElfSymbols& defined) {
    for (const ByFunction& row : kByFunction) {
        const bool is_openssl_api = row.obstacle.empty();
        if (defined.contains(row.function) && (!is_openssl_api || defined.contains("SSL_write"))) {
            return TlsIdentity{std::string(row.name), version_of(image, row.version_prefix),
                               std::string(row.obstacle)};
        }
    }
    return std::nullopt;
}

std::optional<TlsIdentity> identify_go(const ElfImage& image) {
    if (!image.has_section(".go.buildinfo")) {
        return std::nullopt;
    }
    for (const std::string_view table : kGoTables) {
        if (image.contained(table, kGoFunction) != 0) {
            const auto version = image.version_after(".go.buildinfo", "go");
            return TlsIdentity{"Go crypto/tls", version.value_or(""), std::string(kNotYet)};
        }
    }
    return std::nullopt;
}

/// OpenSSL or one of those that share its functions and texts: a file has one of them.
bool is_openssl_like(const TlsIdentity& identity) {
    return identity.obstacle.empty() || identity.obstacle == kNoSymbols;
}

/// Those that are not `known`.
void add_by_text(const ElfImage& image, std::vector<TlsIdentity>& known) {
    std::array<std::string, kByText.size()> texts;
    std::ranges::transform(kByText, texts.begin(),
                           [](const ByText& row) { return std::string(row.head).append(row.tail); });
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    const unsigned found = image.contained(kText, views);
    for (std::size_t i = 0; i < kByText.size(); ++i) {
        const ByText& row = kByText[i];
        const bool is_known = std::ranges::any_of(known, [&](const TlsIdentity& other) {
            return other.name == row.name || (row.obstacle == kNoSymbols && is_openssl_like(other));
        });
        if ((found & 1U << i) != 0 && !is_known) {
            known.push_back(
                {std::string(row.name), version_of(image, row.version_prefix), std::string(row.obstacle)});
        }
    }
}

}  // namespace

std::string full_name(const TlsIdentity& identity) {
    return identity.version.empty() ? identity.name : identity.name + " " + identity.version;
}

std::vector<std::string_view> identifying_functions() {
    std::vector<std::string_view> names{"SSL_write"};
    std::ranges::transform(kByFunction, std::back_inserter(names), &ByFunction::function);
    return names;
}

std::vector<TlsIdentity> identify_tls_libraries(const ElfImage& image, const ElfSymbols& defined) {
    std::vector<TlsIdentity> found;
    if (auto identity = identify_by_function(image, defined)) {
        // whose implementation of the API it is
        auto crypto = identity->obstacle.empty() ? identify_crypto_library(image) : std::nullopt;
        found.push_back(crypto ? *std::move(crypto) : *std::move(identity));
    }
    if (auto identity = identify_go(image)) {
        found.push_back(*std::move(identity));
    }
    add_by_text(image, found);
    return found;
}

std::optional<TlsIdentity> identify_crypto_library(const ElfImage& image) {
    std::array<std::string_view, kCryptoFlavours.size()> texts;
    std::ranges::transform(kCryptoFlavours, texts.begin(), &CryptoFlavour::text);
    const unsigned found = image.contained(kText, texts);
    for (std::size_t i = 0; i < kCryptoFlavours.size(); ++i) {
        const CryptoFlavour& flavour = kCryptoFlavours[i];
        if ((found & 1U << i) == 0) {
            continue;
        }
        std::string version = version_of(image, flavour.version_prefix);
        if (flavour.version_prefix.empty() || !version.empty()) {
            return TlsIdentity{std::string(flavour.name), std::move(version), {}};
        }
    }
    return std::nullopt;
}

}  // namespace sslsniff
