#include "protocols/redis/pairing_trust.h"

#include <chrono>

namespace sslsniff::redis {
namespace {

constexpr Duration kSilence = std::chrono::seconds(1);
constexpr std::uint32_t kTurns = 32;

}  // namespace

void PairingTrust::doubt() {
    certain_ = false;
    turns_ = 0;
    last_.reset();
}

void PairingTrust::on_request(std::size_t pending, Timestamp time) {
    if (certain_) {
        return;
    }
    if (pending > 0) {
        turns_ = 0;
    } else if (last_ && time - *last_ >= kSilence) {
        certain_ = true;
    }
    last_ = time;
}

void PairingTrust::on_reply(std::size_t pending, Timestamp time) {
    if (pending == 0) {
        doubt();
    } else if (!certain_) {
        turns_ = pending == 1 ? turns_ + 1 : 0;
        certain_ = turns_ >= kTurns;
    }
    last_ = time;
}

}  // namespace sslsniff::redis
