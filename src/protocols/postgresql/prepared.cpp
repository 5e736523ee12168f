#include "protocols/postgresql/prepared.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"

namespace sslsniff::postgresql {
namespace {

/// Of one session. What is forgotten is shown as unknown.
constexpr std::size_t kMaxStatements = 4096;
constexpr std::size_t kMaxHeld = std::size_t{1} << 20U;
constexpr std::size_t kMaxPortals = 256;
constexpr std::size_t kMaxName = 256;  ///< longer names are possible, and not remembered

}  // namespace

void PreparedStatements::define(ByteView name, std::shared_ptr<Prepared> prepared) {
    close_statement(name);
    if (name.size() > kMaxName) {
        return;
    }
    if (statements_.size() >= kMaxStatements || total_.bytes() > kMaxHeld) {
        clear();
    }
    prepared->named = true;
    measure(*prepared);
    statements_.emplace(Bytes(name), std::move(prepared));
}

void PreparedStatements::measure(Prepared& prepared) {
    constexpr std::size_t kEntry = 256;  // of the table with its name, and of the shared object
    if (prepared.named) {
        total_.measure(prepared, kEntry + (prepared.statement ? prepared.statement->held() : 0) +
                                     heap_bytes(prepared.parameter_types) +
                                     (prepared.columns ? sql::held_by(*prepared.columns) : 0));
    }
}

std::shared_ptr<Prepared> PreparedStatements::find(ByteView name) const {
    const auto found = statements_.find(Bytes(name));
    return found == statements_.end() ? nullptr : found->second;
}

void PreparedStatements::bind(ByteView name, std::shared_ptr<Portal> portal) {
    if (portals_.size() >= kMaxPortals) {
        portals_.clear();
    }
    if (name.size() <= kMaxName) {
        portals_.insert_or_assign(Bytes(name), std::move(portal));
    }
}

std::shared_ptr<Portal> PreparedStatements::find_portal(ByteView name) const {
    const auto found = portals_.find(Bytes(name));
    return found == portals_.end() ? nullptr : found->second;
}

void PreparedStatements::close_statement(ByteView name) {
    const auto found = statements_.find(Bytes(name));
    if (found != statements_.end()) {
        found->second->named = false;
        total_.leave(*found->second);
        statements_.erase(found);
    }
}

void PreparedStatements::close_portal(ByteView name) {
    portals_.erase(Bytes(name));
}

void PreparedStatements::clear() {
    for (const auto& [name, prepared] : statements_) {
        prepared->named = false;
        total_.leave(*prepared);
    }
    statements_.clear();
    portals_.clear();
}

}  // namespace sslsniff::postgresql
