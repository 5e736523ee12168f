#include "protocols/pairing/order_trust.h"

#include <chrono>

namespace sslsniff::pairing {
namespace {

constexpr Duration kSilence = std::chrono::seconds(1);
constexpr std::uint32_t kTurns = 32;

}  // namespace

void OrderTrust::doubt() {
    certain_ = false;
    turns_ = 0;
    last_.reset();
}

void OrderTrust::on_request(std::size_t pending, Timestamp time) {
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

void OrderTrust::on_reply(std::size_t pending, Timestamp time) {
    if (pending == 0) {
        doubt();
    } else if (!certain_) {
        turns_ = pending == 1 ? turns_ + 1 : 0;
        certain_ = turns_ >= kTurns;
    }
    last_ = time;
}

}  // namespace sslsniff::pairing
