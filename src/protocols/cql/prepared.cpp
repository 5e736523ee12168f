#include "protocols/cql/prepared.h"

#include <utility>

namespace sslsniff::cql {
namespace {

constexpr std::size_t kMost = 1024;
constexpr std::size_t kMostHeld = std::size_t{1024} * 1024;
constexpr std::size_t kMostId = 64;  ///< bytes; servers' are 16
constexpr std::size_t kEntry = 384;  // bytes of memory of each, its nodes included

}  // namespace

void Prepared::add(ByteView id, PreparedStatement statement) {
    if (id.size() > kMostId) {
        return;
    }
    std::string key(id);
    if (const auto found = by_id_.find(key); found != by_id_.end()) {
        forget(found->second);
    }
    std::size_t size = kEntry + 2 * key.size() + (statement.statement ? statement.statement->held() : 0);
    for (const auto& columns : {statement.markers, statement.results}) {
        size += columns ? sql::held_by(*columns) : 0;
    }
    entries_.push_back({key, std::move(statement), size});
    by_id_.emplace(std::move(key), std::prev(entries_.end()));
    held_ += size;
    while (entries_.size() > 1 && (entries_.size() > kMost || held_ > kMostHeld)) {
        forget(entries_.begin());
    }
}

const PreparedStatement* Prepared::find(ByteView id) const {
    const auto found = by_id_.find(std::string(id));
    return found != by_id_.end() ? &found->second->statement : nullptr;
}

void Prepared::forget(std::list<Entry>::iterator entry) {
    held_ -= entry->size;
    by_id_.erase(entry->id);
    entries_.erase(entry);
}

}  // namespace sslsniff::cql
