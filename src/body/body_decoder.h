#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "body/content_decoder.h"

namespace sslsniff {

/// Bounds that keep a decompression bomb small: whichever is reached first.
struct DecodeLimits {
    std::uint64_t max_output = std::uint64_t{1024} * 1024;  ///< bytes decoded
    std::uint64_t max_ratio = 256;                          ///< bytes decoded for each byte given ...
    std::uint64_t grace = std::uint64_t{16} * 1024;         ///< ... beyond these
};

/// Of streams whose messages are shown as they pass: all that came so far counts, so that no number of bombs
/// costs more than 64 times of plain traffic.
inline constexpr DecodeLimits kStreamLimits = {
    .max_output = UINT64_MAX, .max_ratio = 64, .grace = std::uint64_t{1024} * 1024};

/// Undoes the content codings of a body (RFC 9110 section 8.4), also several on top of each other, as its
/// bytes pass. Needs little memory, whatever the size of the body.
class BodyDecoder {
  public:
    using Sink = std::function<void(ByteView)>;

    enum class State : std::uint8_t {
        plain,        ///< there is no coding
        decoded,      ///< all of it
        partial,      ///< as far as given
        damaged,      ///< as far as it is well-formed
        limited,      ///< as far as the limits allow
        unsupported,  ///< a coding nobody here knows: what comes out is still coded
    };

    /// `content_encoding`: the header field as sent, hostile.
    explicit BodyDecoder(std::string_view content_encoding, const DecodeLimits& limits = {});

    /// Gives what `coded` decodes to, in pieces, to `sink`.
    void feed(ByteView coded, const Sink& sink);
    /// As if the body ended here.
    State state() const;
    /// Bytes of memory outside of itself.
    std::size_t held() const;

  private:
    struct Stage {
        std::unique_ptr<ContentDecoder> decoder;
        std::uint64_t produced = 0;
        ContentDecoder::State state = ContentDecoder::State::more;
    };
    void run(std::size_t stage, ByteView coded, const Sink& sink);
    bool decodes() const { return state_ == State::partial; }

    DecodeLimits limits_;
    std::vector<Stage> stages_;  ///< in the order in which they are undone
    State state_ = State::plain;
    std::uint64_t given_ = 0;
};

}  // namespace sslsniff
