#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "protocols/protocol.h"

namespace sslsniff {

/// True for the methods llhttp knows (RFC 9110, WebDAV, UPnP and others), without HTTP/2's "PRI".
bool is_known_method(ByteView method);

/// token characters of RFC 9110 section 5.6.2.
bool is_token_char(char c);

/// Recognises the start line of an HTTP/1 message octet by octet, in constant memory. Strict, because it
/// decides what a connection speaks and where to go on after a gap:
///   request: known method SP target SP "HTTP/1." DIGIT [CR] LF      (RFC 9112 section 3)
///   status:  "HTTP/1." DIGIT SP 3DIGIT ( SP | CR | LF )             (RFC 9112 section 4)
class StartLineMatcher {
  public:
    enum class Kind : std::uint8_t { request, response };
    /// Octets of a request line that is still believed.
    static constexpr std::size_t kMaxLine = std::size_t{16} * 1024;

    explicit StartLineMatcher(Kind kind) : kind_(kind) {}
    /// `need_more` until decided; must not be called after `yes` or `no`. Empty lines before the line are
    /// skipped (RFC 9112 section 2.2).
    Verdict push(char c) {
        if (is_fresh() && (c == '\r' || c == '\n')) {
            return Verdict::need_more;
        }
        return kind_ == Kind::request ? push_request(c) : push_status(c);
    }
    bool is_fresh() const { return length_ == 0; }
    void reset() { *this = StartLineMatcher(kind_); }

  private:
    enum class Part : std::uint8_t { method, target, version, end };
    Verdict push_request(char c);
    Verdict push_status(char c);
    Verdict push_version(char c);

    Kind kind_;
    Part part_ = Part::method;
    std::size_t length_ = 0;   ///< octets of the whole line
    std::size_t in_part_ = 0;  ///< octets of the current part
    std::array<char, 16> method_{};
};

/// Whether `octets` begin with such a line.
Verdict match_start_line(StartLineMatcher::Kind kind, ByteView octets);

}  // namespace sslsniff
