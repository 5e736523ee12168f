#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "protocols/protocol.h"

namespace sslsniff::http1 {

/// True for the methods llhttp knows (RFC 9110, WebDAV, UPnP and others) and more that are in wide use,
/// without HTTP/2's "PRI".
bool is_known_method(ByteView method);

/// Whether such a method begins like this.
bool begins_known_method(ByteView beginning);

/// RFC 9110 sets no bound to methods; no registered one has more than 17 bytes.
inline constexpr std::size_t kMaxMethod = 64;

/// Recognises the start line of an HTTP/1 message byte by byte, in constant memory. Strict, because it
/// decides what a connection speaks and where to go on after a gap. Where a message is sure to begin its
/// method may be anything, as anybody may have one of their own (RFC 9110 section 9.1); elsewhere, the end of
/// something else in front of it would be taken for a part of it.
///   request: method SP target SP "HTTP/1." DIGIT [CR] LF            (RFC 9112 section 3)
///   status:  "HTTP/1." DIGIT SP 3DIGIT ( SP | CR | LF )             (RFC 9112 section 4)
class StartLineMatcher {
  public:
    enum class Kind : std::uint8_t { request, response };
    /// Bytes of a request line that is still believed.
    static constexpr std::size_t kMaxLine = std::size_t{16} * 1024;

    enum class Methods : std::uint8_t { known, any };

    explicit StartLineMatcher(Kind kind, Methods methods = Methods::known) : kind_(kind), methods_(methods) {}
    /// `need_more` until decided; must not be called after `yes` or `no`. Empty lines before the line are
    /// skipped (RFC 9112 section 2.2).
    Verdict push(char c) {
        if (is_fresh() && (c == '\r' || c == '\n')) {
            return Verdict::need_more;
        }
        return kind_ == Kind::request ? push_request(c) : push_status(c);
    }
    bool is_fresh() const { return length_ == 0; }
    void reset() { *this = StartLineMatcher(kind_, methods_); }

  private:
    enum class Part : std::uint8_t { method, target, version, end };
    Verdict push_request(char c);
    Verdict push_method(char c);
    Verdict push_status(char c);
    Verdict push_version(char c);

    Kind kind_;
    Methods methods_;
    Part part_ = Part::method;
    std::size_t length_ = 0;   ///< bytes of the whole line
    std::size_t in_part_ = 0;  ///< bytes of the current part
    std::array<char, 20> method_{};
};

/// Whether a connection's first bytes are a start line that went wrong: a known method with no target, tabs
/// or another version behind it, "HTTP/" with no status. `yes`: it names HTTP; `need_more`: the other side's
/// first bytes may prove it.
struct StartLineResemblance {
    Verdict verdict;
    StartLineMatcher::Kind kind;
};
StartLineResemblance resembles_start_line(ByteView message);

}  // namespace sslsniff::http1
