#pragma once

#include <cstddef>
#include <list>
#include <utility>

#include "base/memory.h"

namespace sslsniff::pairing {

/// What waits for its other half in protocols whose answers come in the order of the requests and carry no
/// number (HTTP/1, Redis). Items stay where they are in memory until they are taken out.
template <class T>
class InOrder {
  public:
    using iterator = typename std::list<T>::iterator;
    /// Bytes of memory of each item, without what the item itself holds.
    static constexpr std::size_t kItem = allocated(sizeof(T) + 2 * sizeof(void*));

    bool empty() const { return items_.empty(); }
    std::size_t size() const { return items_.size(); }
    T& oldest() { return items_.front(); }
    const T& oldest() const { return items_.front(); }
    T& latest() { return items_.back(); }
    iterator begin() { return items_.begin(); }
    iterator end() { return items_.end(); }

    /// Adds one behind all others.
    T& add(T item = {}) { return items_.emplace_back(std::move(item)); }
    /// Of one that is not empty.
    T take_oldest() {
        T oldest = std::move(items_.front());
        items_.pop_front();
        return oldest;
    }
    void drop_oldest() { items_.pop_front(); }
    void clear() { items_.clear(); }

    /// Puts one of them behind all of `to`: what it waited for has begun.
    T& pass(iterator item, InOrder& to) {
        to.items_.splice(to.items_.end(), items_, item);
        return to.items_.back();
    }
    T& pass_oldest(InOrder& to) { return pass(items_.begin(), to); }

  private:
    std::list<T> items_;
};

}  // namespace sslsniff::pairing
