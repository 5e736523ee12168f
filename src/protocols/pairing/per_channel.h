#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <unordered_set>
#include <utility>

#include "base/memory.h"
#include "protocols/pairing/held_total.h"

namespace sslsniff::pairing {

/// Exchanges in progress in protocols that carry many channels at once, each with one exchange at a time
/// (HTTP/2's streams). Remembers which ones were closed lately, because what comes late belongs to them and
/// opens nothing.
template <class T>
class PerChannel {
  public:
    using Id = std::uint32_t;
    struct Open {
        template <class... Args>
        explicit Open(Args&&... args) : item(std::forward<Args>(args)...) {}
        T item;
        std::size_t held = 0;  ///< bytes of memory, when it was last measured
    };
    using iterator = typename std::map<Id, Open>::iterator;

    bool empty() const { return open_.empty(); }
    std::size_t size() const { return open_.size(); }
    iterator begin() { return open_.begin(); }  ///< in ascending order
    iterator end() { return open_.end(); }
    iterator find(Id id) { return open_.find(id); }
    iterator upper_bound(Id id) { return open_.upper_bound(id); }
    bool closed_lately(Id id) const { return closed_.contains(id); }

    /// The channel must not be open.
    template <class... Args>
    iterator open(Id id, Args&&... args) {
        return open_.try_emplace(id, std::forward<Args>(args)...).first;
    }
    /// Forgets the exchange. Returns the next channel.
    iterator close(iterator channel) {
        closed_order_.push_back(channel->first);
        closed_.insert(channel->first);
        if (closed_order_.size() > kRemembered) {
            closed_.erase(closed_order_.front());
            closed_order_.pop_front();
        }
        total_.leave(channel->second);
        return open_.erase(channel);
    }

    /// `bytes`: what the channel's exchange holds now.
    void measure(iterator channel, std::size_t bytes) { total_.measure(channel->second, bytes); }
    /// Bytes of memory outside of itself.
    std::size_t held() const { return kEmptyDeque + closed_order_.size() * kClosed + total_.bytes(); }

  private:
    static constexpr std::size_t kRemembered = 1024;
    static constexpr std::size_t kClosed = 64;  // each has a place in the order and one in the set

    std::map<Id, Open> open_;
    HeldTotal total_;
    std::deque<Id> closed_order_;
    std::unordered_set<Id> closed_;
};

}  // namespace sslsniff::pairing
