#include "stream/tentative_exchanges.h"

#include <utility>

#include "base/give_back.h"
#include "base/memory.h"

namespace sslsniff {
namespace {

constexpr unsigned kAgreeing = 2;
constexpr std::size_t kMaxHeld = 32;
constexpr std::size_t kMaxHeldBytes = std::size_t{512} * 1024;

}  // namespace

bool TentativeExchanges::add(Held exchange) {
    agreed_ += agrees(exchange.timing) ? 1 : 0;
    held_bytes_ += exchange.exchange->held() + heap_bytes(exchange.integrity.reason);
    held_.push_back(std::move(exchange));
    return agreed_ >= kAgreeing;
}

bool TentativeExchanges::is_hopeless() const {
    return held_.size() > kMaxHeld || held_bytes_ > kMaxHeldBytes;
}

std::size_t TentativeExchanges::drop() {
    const std::size_t number = held_.size();
    give_back(held_);
    held_bytes_ = 0;
    return number;
}

}  // namespace sslsniff
