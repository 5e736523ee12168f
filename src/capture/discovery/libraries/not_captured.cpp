// TLS libraries that are recognised, so that it can be said whose TLS is not captured.
#include <array>

#include "capture/discovery/libraries/libraries.h"

namespace sslsniff {
namespace {

/// Go keeps the names of its functions in stripped programs too; some linkers merge the table's section.
constexpr std::array<std::string_view, 3> kGoTables{".gopclntab", ".data.rel.ro.gopclntab", ".data.rel.ro"};
constexpr std::array<std::string_view, 1> kGoFunction{"crypto/tls.(*Conn).Read"};

std::optional<LibraryName> recognise_go(const ElfImage& image) {
    if (!image.has_section(".go.buildinfo")) {
        return std::nullopt;
    }
    for (const std::string_view table : kGoTables) {
        if (image.contained(table, kGoFunction) != 0) {
            return LibraryName{"Go crypto/tls", image.version_after(".go.buildinfo", "go").value_or("")};
        }
    }
    return std::nullopt;
}

/// Panic locations in what cargo, Debian and Bazel have unpacked; without paths a text of rustls::Error.
constexpr std::array kRustlsTexts{
    TellingText{"/rustls", "-0.", "rustls", "/rustls-"},
    TellingText{"_rustls", "-0.", "rustls", "_rustls-"},
    TellingText{"received corrupt", " message of type", "rustls", {}},
};

constexpr std::array<std::string_view, 1> kS2nFunctions{"s2n_recv"};
// The TLS of these is no native code, and any program that they run may use it.
constexpr std::array<std::string_view, 1> kJavaFunctions{"JNI_CreateJavaVM"};
constexpr std::array<std::string_view, 1> kErlangFunctions{"enif_make_tuple_from_array"};

}  // namespace

constinit const TlsLibrary kRustls{.name = "rustls", .texts = kRustlsTexts};
constinit const TlsLibrary kS2n{.name = "s2n-tls", .functions = kS2nFunctions};
constinit const TlsLibrary kJava{.name = "Java TLS (JSSE)",
                                 .functions = kJavaFunctions,
                                 .advice =
                                     "it is Java code; let the program use OpenSSL (Netty's or Tomcat's "
                                     "tcnative), or a proxy that ends TLS"};
constinit const TlsLibrary kErlang{
    .name = "Erlang ssl",
    .functions = kErlangFunctions,
    .advice = "it is Erlang code, which uses OpenSSL for its ciphers only; let a proxy end TLS"};
constinit const TlsLibrary kGo{.name = "Go crypto/tls", .recognise = recognise_go};

}  // namespace sslsniff
