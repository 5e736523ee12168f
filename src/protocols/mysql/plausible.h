#pragma once

#include <optional>

#include "protocols/dialogue/side.h"
#include "protocols/mysql/packet.h"
#include "protocols/protocol.h"

namespace sslsniff::mysql {

using dialogue::Side;

/// Whether a connection begins so: with a server's greeting or refusal or, inside TLS, a client's login;
/// `yes` when it is whole.
Verdict plausible_beginning(Side side, ByteView bytes);

/// Whether a packet may begin with these bytes, of which there may be too few: a client's command, the first
/// packet of an answer.
bool plausible_header(Side side, ByteView bytes);

/// See dialogue::Tiles.
class Tiling {
  public:
    explicit Tiling(Side side) : side_(side) {}

    void look(ByteView bytes);
    bool bad() const { return bad_; }
    unsigned sure() const { return bad_ ? 0 : sure_; }
    bool exact() const { return exact_; }

    // Packets have numbers, and no form by which a later one could be found in the middle of bytes.
    static constexpr std::size_t kAnchorSize = 0;
    static std::size_t behind_anchor(Side /*side*/, ByteView /*bytes*/) { return ByteView::npos; }

  private:
    bool follows(std::uint8_t number, std::uint8_t first) const;

    Side side_;
    std::size_t at_ = 0;  ///< where the packet begins that is looked at
    std::optional<std::uint8_t> last_number_;
    unsigned in_row_ = 0;  ///< packets whose numbers follow each other
    unsigned sure_ = 0;
    bool bad_ = false;
    bool exact_ = false;
};

}  // namespace sslsniff::mysql
