#pragma once

#include "protocols/framed/framing.h"
#include "protocols/smtp/line.h"

namespace sslsniff::smtp {

/// Each line is a message. Lines of mail have no form: where they are possible, whatever a client says is
/// one; a line that is too long is several.
class SmtpFraming final : public framed::Framing {
  public:
    enum class Content : std::uint8_t {
        possible,
        unlikely  ///< before it is known that this is SMTP: only commands are messages
    };
    explicit SmtpFraming(Content content) : content_(content) {}

    framed::Look look(framed::Side side, ByteView bytes) const override;
    framed::Look look_first(framed::Side side, ByteView bytes) const override;
    std::size_t max_header() const override { return kMostLine; }

  private:
    Content content_;
};

}  // namespace sslsniff::smtp
