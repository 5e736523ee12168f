// OpenSSL 1.1 to 3.x, and the libraries that have its functions: LibreSSL, BoringSSL, AWS-LC.
#include <algorithm>
#include <array>

#include "capture/discovery/elf_texts.h"
#include "capture/discovery/libraries/libraries.h"
#include "capture/discovery/libraries/openssl_methods.h"
#include "capture/discovery/libraries/openssl_records.h"
#include "capture/discovery/libraries/openssl_unnamed.h"

namespace sslsniff {
namespace {

using enum ProbeFamily;

constexpr bool kEntryOnly = false;

/// (handle, buffer, size_t length, ...): 1 is success, and the bytes moved are stored where an argument
/// points to.
constexpr CallForm by_argument(tls_call call, std::uint8_t moved, std::uint8_t flags = 0) {
    return {.call = call,
            .result = RESULT_POSITIVE,
            .flags = flags,
            .handle = argument(1),
            .buffer = argument(2),
            .length = argument(3),
            .moved = argument(moved),
            .moved_bytes = 8};
}

/// (handle, const unsigned char **data, unsigned *length)
constexpr CallForm kAlpn{
    .call = CALL_ALPN, .handle = argument(1), .buffer = argument(2), .moved = argument(3), .moved_bytes = 4};

// What sessions have as their handshake function (OpenSSL 1.1 and newer): named by no symbol.
constexpr std::string_view kStatemConnect = "ossl_statem_connect";
constexpr std::string_view kStatemAccept = "ossl_statem_accept";

// SSL_CTX_* need no probe: nothing there belongs to one connection. Payload comes first. Every library lacks
// some.
constexpr std::array kCalls{
    WantedFunction{"SSL_read", moves_by_result(CALL_READ), read},
    WantedFunction{"SSL_write", moves_by_result(CALL_WRITE), write},
    WantedFunction{"SSL_read_ex", by_argument(CALL_READ, 4), read},
    WantedFunction{"SSL_write_ex", by_argument(CALL_WRITE, 4), write},
    // (ssl, buf, num, flags, written): OpenSSL 3.3
    WantedFunction{"SSL_write_ex2", by_argument(CALL_WRITE, 5), write},
    // 0 error, 1 success, 2 finish
    WantedFunction{"SSL_read_early_data", by_argument(CALL_READ, 4, SITE_EARLY), read},
    WantedFunction{"SSL_write_early_data", by_argument(CALL_WRITE, 4, SITE_EARLY), write},
    WantedFunction{"SSL_peek", moves_by_result(CALL_PEEK), peek},
    WantedFunction{"SSL_peek_ex", by_argument(CALL_PEEK, 4), peek},
    WantedFunction{"SSL_do_handshake", about_handle(CALL_HANDSHAKE, RESULT_POSITIVE)},
    WantedFunction{"SSL_connect", about_handle(CALL_HANDSHAKE, RESULT_POSITIVE, SITE_CLIENT)},
    WantedFunction{"SSL_accept", about_handle(CALL_HANDSHAKE, RESULT_POSITIVE, SITE_SERVER)},
    // where BIOs of OpenSSL's own (BIO_f_ssl), reads and writes make it
    WantedFunction{kStatemConnect, about_handle(CALL_HANDSHAKE_WITHIN, RESULT_POSITIVE, SITE_CLIENT)},
    WantedFunction{kStatemAccept, about_handle(CALL_HANDSHAKE_WITHIN, RESULT_POSITIVE, SITE_SERVER)},
    // amid a handshake it is an error
    WantedFunction{"SSL_shutdown", about_handle(CALL_SHUTDOWN, RESULT_PHASE, SITE_LATE)},
    WantedFunction{"SSL_free", about_handle(CALL_FREE), session, kEntryOnly},
    WantedFunction{"SSL_clear", about_handle(CALL_CLEAR), session, kEntryOnly},
    WantedFunction{"SSL_set_fd", about_handle(CALL_SET_TRANSPORT), session, kEntryOnly},
    WantedFunction{"SSL_set_rfd", about_handle(CALL_SET_TRANSPORT), session, kEntryOnly},
    WantedFunction{"SSL_set_wfd", about_handle(CALL_SET_TRANSPORT), session, kEntryOnly},
    WantedFunction{"SSL_set_bio", about_handle(CALL_SET_TRANSPORT), session, kEntryOnly},
    WantedFunction{"SSL_set0_rbio", about_handle(CALL_SET_TRANSPORT), session, kEntryOnly},
    WantedFunction{"SSL_set0_wbio", about_handle(CALL_SET_TRANSPORT), session, kEntryOnly},
    WantedFunction{"SSL_get0_alpn_selected", kAlpn},
    WantedFunction{"SSL_set_connect_state", about_handle(CALL_SET_ROLE, RESULT_NONE, SITE_CLIENT), session,
                   kEntryOnly},
    WantedFunction{"SSL_set_accept_state", about_handle(CALL_SET_ROLE, RESULT_NONE, SITE_SERVER), session,
                   kEntryOnly},
};

// Memory BIOs, in libcrypto.
constexpr std::array kTransports{
    WantedFunction{"BIO_read", moves_by_result(CALL_TRANSPORT_READ), transport_read},
    WantedFunction{"BIO_write", moves_by_result(CALL_TRANSPORT_WRITE), transport_write, kEntryOnly},
    // libssl and its users do not call these; they lead to the internal functions
    WantedFunction{"BIO_read_ex", {}, transport_read},
    WantedFunction{"BIO_write_ex", {}, transport_write, kEntryOnly},
};

// What X and X_ex both call: (ssl, buf, num, done), or with flags before `done`.
constexpr std::array kInternals{
    InternalFunction{read, 4, by_argument(CALL_READ, 4)},
    InternalFunction{peek, 4, by_argument(CALL_PEEK, 4)},
    InternalFunction{write, 4, by_argument(CALL_WRITE, 4)},
    InternalFunction{write, 5, by_argument(CALL_WRITE, 5)},
    InternalFunction{transport_read, 4, by_argument(CALL_TRANSPORT_READ, 4)},
    InternalFunction{transport_write, 4, by_argument(CALL_TRANSPORT_WRITE, 4)},
};

// What find_unnamed_openssl() may find.
constexpr std::array kUnnamedCalls{
    WantedFunction{"SSL_read", moves_by_result(CALL_READ), read},
    WantedFunction{"SSL_write", moves_by_result(CALL_WRITE), write},
    WantedFunction{"SSL_peek", moves_by_result(CALL_PEEK), peek},
    WantedFunction{"SSL_do_handshake", about_handle(CALL_HANDSHAKE, RESULT_POSITIVE)},
    WantedFunction{"SSL_shutdown", about_handle(CALL_SHUTDOWN, RESULT_PHASE, SITE_LATE)},
    // nobody knows where SSL_free() is: what it gave back is over when it is given out again
    WantedFunction{"SSL_new", about_result(CALL_CLEAR)},
    WantedFunction{"SSL_clear", about_handle(CALL_CLEAR), session, kEntryOnly},
    WantedFunction{"SSL_set_fd", about_handle(CALL_SET_TRANSPORT), session, kEntryOnly},
    WantedFunction{"SSL_set_rfd", about_handle(CALL_SET_TRANSPORT), session, kEntryOnly},
    WantedFunction{"SSL_set_wfd", about_handle(CALL_SET_TRANSPORT), session, kEntryOnly},
};
constexpr std::array kUnnamedTransports{
    WantedFunction{"bio_read_intern", by_argument(CALL_TRANSPORT_READ, 4), transport_read},
    WantedFunction{"bio_write_intern", by_argument(CALL_TRANSPORT_WRITE, 4), transport_write, kEntryOnly},
};

constexpr std::array<std::string_view, 4> kWords{"openssl", "boringssl", "libressl", "aws-lc"};
constexpr std::array<std::string_view, 2> kFunctions{"SSL_read", "SSL_write"};
constexpr std::array<std::string_view, 2> kCompanionFunctions{"BIO_read", "BIO_write"};  // libcrypto
constexpr std::array<std::string_view, 1> kFileNames{"libssl.so"};

constexpr std::array kTexts{
    // OpenSSL since 1.1.0: __FILE__ in what errors remember; SSL_state_string_long(), which few link
    TellingText{"ssl/statem", "/statem.c", "OpenSSL", "OpenSSL "},
    TellingText{"SSLv3/TLS", " write client hello", "OpenSSL", "OpenSSL "},
    // __FILE__ again: AWS-LC and BoringSSL share the rest
    TellingText{"aws-lc/ssl", "/ssl_lib.cc", "AWS-LC", {}},
    TellingText{"boringssl/", "src/ssl/ssl_lib.cc", "BoringSSL", {}},
    TellingText{"boringssl/", "ssl/ssl_lib.cc", "BoringSSL", {}},
    // SSL_state_string_long() of BoringSSL
    TellingText{"TLS client", " read_server_hello", "BoringSSL", {}},
};

/// Forms of OpenSSL's own version text, most special first.
struct Variant {
    std::string_view text;
    std::string_view name;
    std::string_view version_prefix;
};
constexpr std::array kVariants{
    Variant{"(compatible; BoringSSL)", "BoringSSL", {}},
    Variant{"(compatible; AWS-LC", "AWS-LC", "AWS-LC "},
    Variant{"LibreSSL ", "LibreSSL", "LibreSSL "},
    Variant{"OpenSSL ", "OpenSSL", "OpenSSL "},
};

/// Of a libcrypto, or of what is linked statically: OpenSSL's libssl of version 3 does not tell its own
/// version.
std::optional<LibraryName> variant_of(const ElfImage& image) {
    constexpr std::string_view kText = ".rodata";
    std::array<std::string_view, kVariants.size()> texts;
    std::ranges::transform(kVariants, texts.begin(), &Variant::text);
    const unsigned found = contained(image, kText, texts);
    for (std::size_t i = 0; i < kVariants.size(); ++i) {
        const Variant& variant = kVariants.at(i);
        if ((found & 1U << i) == 0) {
            continue;
        }
        const std::string_view prefix = variant.version_prefix;
        std::string version = prefix.empty() ? "" : version_after(image, kText, prefix).value_or("");
        if (prefix.empty() || !version.empty()) {
            return LibraryName{std::string(variant.name), std::move(version)};
        }
    }
    return std::nullopt;
}

class OpenSslCode : public LibraryCode {
  public:
    OpenSslCode(const ElfImage& image, const ElfSymbols& symbols) : image_(image), methods_(image, symbols) {}

    std::vector<std::uint64_t> targets_of(const IndirectTailJump& jump, tls_call call) override {
        return call == CALL_HANDSHAKE ? methods_.handshakes()
               : jump.displacement    ? methods_.functions_at(*jump.displacement)
                                      : std::vector<std::uint64_t>();
    }
    ElfSymbols functions() override {
        const auto machines = methods_.state_machines();
        return machines ? ElfSymbols{{std::string(kStatemConnect), {.address = machines->connect}},
                                     {std::string(kStatemAccept), {.address = machines->accept}}}
                        : ElfSymbols();
    }
    std::vector<ProbedFunction> record_sites() override { return find_record_sites(image_, methods_); }

  private:
    const ElfImage& image_;
    MethodTables methods_;
};

std::unique_ptr<LibraryCode> make_code(const ElfImage& image, const ElfSymbols& symbols) {
    return std::make_unique<OpenSslCode>(image, symbols);
}

}  // namespace

constinit const TlsLibrary kOpenSsl{
    .name = "OpenSSL",
    .words = kWords,
    .functions = kFunctions,
    .texts = kTexts,
    .variant = variant_of,
    .calls = kCalls,
    .companion_functions = kCompanionFunctions,
    .transports = kTransports,
    .internals = kInternals,
    .unnamed = {.find = find_unnamed_openssl, .calls = kUnnamedCalls, .transports = kUnnamedTransports},
    .file_names = kFileNames,
    .code = make_code,
    .code_symbols = kMethodFunctions};

}  // namespace sslsniff
