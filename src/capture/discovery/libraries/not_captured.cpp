// TLS libraries that are recognised, so that it can be said whose TLS is not captured.
#include <array>

#include "capture/discovery/libraries/libraries.h"

namespace sslsniff {
namespace {

// The TLS of these is no native code, and any program that they run may use it.
constexpr std::array<std::string_view, 1> kJavaFunctions{"JNI_CreateJavaVM"};
constexpr std::array<std::string_view, 1> kErlangFunctions{"enif_make_tuple_from_array"};

}  // namespace

constinit const TlsLibrary kJava{.name = "Java TLS (JSSE)",
                                 .functions = kJavaFunctions,
                                 .advice =
                                     "it is Java code; let the program use OpenSSL (Netty's or Tomcat's "
                                     "tcnative), or a proxy that ends TLS"};
constinit const TlsLibrary kErlang{
    .name = "Erlang ssl",
    .functions = kErlangFunctions,
    .advice = "it is Erlang code, which uses OpenSSL for its ciphers only; let a proxy end TLS"};

}  // namespace sslsniff
