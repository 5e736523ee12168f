#pragma once

#include "base/memory.h"
#include "protocols/dialogue/role_finder.h"
#include "protocols/protocol.h"

namespace sslsniff::dialogue {

/// Recognises a protocol of messages that lie end to end: at the beginning of a connection by what `judge`
/// says of it, later by the messages that fill what a side says from its first byte on.
template <Tiles Tiling>
class MessageDetector final : public Detector {
  public:
    using JudgeBeginning = Verdict (*)(const Evidence& evidence);
    explicit MessageDetector(JudgeBeginning judge) : judge_(judge) {}

    Verdict look(const Evidence& evidence) override {
        if (evidence.connection.endpoints.transport == Transport::udp) {
            return Verdict::no;
        }
        if (evidence.start == Evidence::Start::beginning) {
            return judge_(evidence);
        }
        for (const Direction direction : {Direction::sent, Direction::received}) {
            const Evidence::Side& side = evidence.side(direction);
            roles_.look(direction, side.bytes.substr(side.message), side.message);
        }
        return roles_.verdict();
    }
    std::size_t foreign(Direction direction) const override { return roles_.begin(direction); }
    std::size_t held() const override { return allocated(sizeof(*this)); }

  private:
    JudgeBeginning judge_;
    RoleFinder<Tiling> roles_;
};

}  // namespace sslsniff::dialogue
