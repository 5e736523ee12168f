#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <list>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/memory.h"
#include "protocols/pairing/held_total.h"

namespace sslsniff::pairing {

/// Requests that wait for their answers in protocols whose answers name the request by a number that its
/// sender chose (DNS). Peers may use one number for several at once: who asks says which of them is meant. T
/// has a member `std::size_t held`, see HeldTotal.
template <class Id, class T>
class ById {
  public:
    std::size_t size() const { return items_.size(); }
    bool empty() const { return items_.empty(); }
    /// Bytes of memory outside of itself.
    std::size_t held() const { return total_.bytes() + items_.size() * kItem; }

    /// `bytes`: what `item` holds outside of itself.
    void add(const Id& id, T item, std::size_t bytes) {
        items_.push_back({id, std::move(item)});
        total_.measure(items_.back().item, bytes);
        by_id_.emplace(id, std::prev(items_.end()));
    }

    /// The first one with this number for which `is_meant` is true; null when there is none.
    template <class Predicate>
    T* find(const Id& id, Predicate is_meant) {
        const auto found = position(id, is_meant);
        return found == by_id_.end() ? nullptr : &found->second->item;
    }
    template <class Predicate>
    std::optional<T> take(const Id& id, Predicate is_meant) {
        const auto found = position(id, is_meant);
        return found == by_id_.end() ? std::nullopt : std::optional(extract(found));
    }

    /// Calls `use` with each, in the order in which they were added.
    template <class Use>
    void each(Use use) {
        for (Entry& entry : items_) {
            use(entry.item);
        }
    }
    /// The one that was added first; null when there is none.
    const T* oldest() const { return items_.empty() ? nullptr : &items_.front().item; }
    T* oldest() { return items_.empty() ? nullptr : &items_.front().item; }
    std::optional<T> take_oldest() {
        if (items_.empty()) {
            return std::nullopt;
        }
        const auto [first, last] = by_id_.equal_range(items_.front().id);
        return extract(
            std::find_if(first, last, [&](const auto& entry) { return entry.second == items_.begin(); }));
    }

  private:
    struct Entry {
        Id id;
        T item;
    };
    using Items = std::list<Entry>;
    using Index = std::unordered_multimap<Id, typename Items::iterator>;
    static constexpr std::size_t kItem = allocated(sizeof(Entry) + 2 * sizeof(void*)) +
                                         allocated(sizeof(typename Index::value_type) + 2 * sizeof(void*)) +
                                         sizeof(void*);

    template <class Predicate>
    typename Index::iterator position(const Id& id, Predicate is_meant) {
        const auto [first, last] = by_id_.equal_range(id);
        const auto found =
            std::find_if(first, last, [&](const auto& entry) { return is_meant(entry.second->item); });
        return found == last ? by_id_.end() : found;
    }
    T extract(typename Index::iterator place) {
        const auto entry = place->second;
        by_id_.erase(place);
        total_.leave(entry->item);
        T item = std::move(entry->item);
        items_.erase(entry);
        return item;
    }

    Items items_;  ///< in the order in which they were added
    Index by_id_;
    HeldTotal total_;
};

}  // namespace sslsniff::pairing
