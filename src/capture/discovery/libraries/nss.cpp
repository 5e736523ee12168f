// NSS 3: of the system, and as Firefox and Thunderbird bring it.
#include <array>

#include "capture/discovery/libraries/libraries.h"
#include "capture/discovery/libraries/nss_operations.h"

namespace sslsniff {
namespace {

using enum ProbeFamily;

constexpr bool kEntryOnly = false;

/// int (sslSocket *, unsigned char *, int length, int flags): flags may be PR_MSG_PEEK.
constexpr CallForm receives() {
    CallForm form = moves_by_result(CALL_READ);
    form.unread = int_argument(4);
    return form;
}

/// The sslSocket of a PRFileDesc that is its layer: the member `secret`. Of a layer above (Firefox has one)
/// it is something else, which stands for no connection.
constexpr CallValue kSocketOfLayer = behind_argument(1, 8, 8);

/// SECStatus (fd, SSLNextProtoState *, unsigned char *protocol, unsigned *length, unsigned room)
constexpr CallForm kAlpn{.call = CALL_ALPN,
                         .result = RESULT_COPIED,
                         .handle = kSocketOfLayer,
                         .buffer = argument(3),
                         .moved = argument(4),
                         .moved_bytes = 4};

/// Client or server: an argument tells, and so do the hellos.
constexpr CallForm kReset{.call = CALL_CLEAR, .handle = kSocketOfLayer};

// PR_Read() and its like pass files, pipes and sockets without TLS too, and jump where only the descriptor
// knows. These are behind them, for TLS alone: nss_operations.h.
constexpr std::array kCalls{
    WantedFunction{"ssl_SecureRecv", receives(), read},
    WantedFunction{"ssl_SecureSend", moves_by_result(CALL_WRITE), write},
    // these call the two above
    WantedFunction{"ssl_SecureRead", {}, read},
    WantedFunction{"ssl_SecureWrite", {}, write},
    // an argument may be a layer above
    WantedFunction{"SSL_ForceHandshake", about_looked_up_handle(CALL_HANDSHAKE, RESULT_ZERO)},
    WantedFunction{"ssl_SecureShutdown", about_handle(CALL_SHUTDOWN, RESULT_ZERO)},
    WantedFunction{"ssl_SecureClose", about_handle(CALL_FREE, RESULT_NONE, SITE_FAREWELL), session,
                   kEntryOnly},
    WantedFunction{"SSL_ResetHandshake", kReset, session, kEntryOnly},
    WantedFunction{"SSL_GetNextProto", kAlpn},
};

class NssCode : public LibraryCode {
  public:
    explicit NssCode(const ElfImage& image) : image_(image) {}
    ElfSymbols functions() override { return find_nss_operations(image_); }

  private:
    const ElfImage& image_;
};

std::unique_ptr<LibraryCode> make_code(const ElfImage& image, const ElfSymbols& /*symbols*/) {
    return std::make_unique<NssCode>(image);
}

constexpr std::array<std::string_view, 2> kFunctions{"SSL_ImportFD", "SSL_ForceHandshake"};
constexpr std::array<std::string_view, 1> kFileNames{"libssl3.so"};

constexpr std::array<std::string_view, 1> kWords{"nss"};

}  // namespace

constinit const TlsLibrary kNss{.name = "NSS",
                                .words = kWords,
                                .functions = kFunctions,
                                .version_prefix = "NSS ",
                                .calls = kCalls,
                                .file_names = kFileNames,
                                .code = make_code};

}  // namespace sslsniff
