#pragma once

#include "protocols/framed/framing.h"
#include "protocols/imap/line.h"

namespace sslsniff::imap {

/// Each line with its literal is a message. What follows a literal has no form, so where that is possible,
/// whatever comes is one; a line that is too long is several.
class ImapFraming final : public framed::Framing {
  public:
    enum class Pieces : std::uint8_t {
        possible,
        unlikely  ///< before it is known that this is IMAP: only commands and responses are messages
    };
    explicit ImapFraming(Pieces pieces) : pieces_(pieces) {}

    framed::Look look(framed::Side side, ByteView bytes) const override;
    framed::Look look_first(framed::Side side, ByteView bytes) const override;
    std::size_t max_header() const override { return kMostLine; }

  private:
    Pieces pieces_;
};

}  // namespace sslsniff::imap
