// rustls 0.23. Its functions have no names that stay: what is probed is found by what the code does.
#include <array>

#include "capture/discovery/libraries/libraries.h"
#include "capture/discovery/libraries/rustls_sites.h"

namespace sslsniff {
namespace {

/// Panic locations in what cargo, Debian and Bazel have unpacked; without paths a text of rustls::Error.
constexpr std::array kTexts{
    TellingText{"/rustls", "-0.", "rustls", "/rustls-"},
    TellingText{"_rustls", "-0.", "rustls", "_rustls-"},
    TellingText{"received corrupt", " message of type", "rustls", {}},
};
constexpr std::array<std::string_view, 1> kWords{"rustls"};

}  // namespace

constinit const TlsLibrary kRustls{
    .name = "rustls", .words = kWords, .texts = kTexts, .unnamed = {.find = find_rustls}};

}  // namespace sslsniff
