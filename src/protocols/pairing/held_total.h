#pragma once

#include <cstddef>

namespace sslsniff::pairing {

/// What the exchanges in progress hold in memory, each as it was when it was last measured, so that asking
/// costs nothing. Every item has a member `std::size_t held`, 0 until it is measured.
class HeldTotal {
  public:
    /// `bytes`: what `item` holds now.
    template <class T>
    void measure(T& item, std::size_t bytes) {
        sum_ += bytes - item.held;
        item.held = bytes;
    }
    /// `item` is no longer in progress.
    template <class T>
    void leave(T& item) {
        measure(item, 0);
    }
    std::size_t bytes() const { return sum_; }

  private:
    std::size_t sum_ = 0;
};

}  // namespace sslsniff::pairing
