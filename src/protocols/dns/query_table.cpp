#include "protocols/dns/query_table.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"
#include "base/text.h"

namespace sslsniff::dns {
namespace {

/// Servers echo the question, its case included or not; some errors come without it.
bool same_question(const Message& query, const Message& other) {
    if (other.questions.empty() || query.questions.empty()) {
        return other.response || query.questions.size() == other.questions.size();
    }
    const Question& a = query.questions.front();
    const Question& b = other.questions.front();
    return a.type == b.type && a.klass == b.klass && equals_ignore_case(a.name, b.name);
}

std::size_t cost_of(const PendingQuery& query) {
    constexpr std::size_t kNodes = 96;  // of the list and the map
    const DnsExchange& exchange = *query.exchange;
    return allocated(sizeof(PendingQuery)) + kNodes + allocated(sizeof(DnsExchange)) +
           (exchange.query ? exchange.query->held() : 0) +
           (exchange.response ? exchange.response->held() : 0);
}

bool same_peer(const Endpoint& a, const Endpoint& b) {
    return a.port == 0 || b.port == 0 || a == b;
}

}  // namespace

QueryTable::Queries::iterator QueryTable::find(const Message& message, const Endpoint& peer) {
    const auto [first, last] = by_id_.equal_range(message.id);
    const auto found = std::find_if(first, last, [&](const auto& entry) {
        const PendingQuery& pending = *entry.second;
        return same_peer(pending.peer, peer) && same_question(*pending.exchange->query, message);
    });
    return found == last ? queries_.end() : found->second;
}

PendingQuery QueryTable::extract(Queries::iterator query) {
    const auto [first, last] = by_id_.equal_range(query->exchange->query->id);
    by_id_.erase(std::find_if(first, last, [&](const auto& entry) { return entry.second == query; }));
    PendingQuery out = std::move(*query);
    held_ -= out.held;
    queries_.erase(query);
    return out;
}

void QueryTable::add(Message query, const Endpoint& peer, Timestamp time) {
    if (const auto same = find(query, peer); same != queries_.end()) {
        ++same->exchange->attempts;
        same->latest = time;
        return;
    }
    PendingQuery pending;
    pending.exchange = std::make_unique<DnsExchange>();
    pending.exchange->query = std::move(query);
    pending.sent = pending.latest = time;
    pending.peer = peer;
    put_back(std::move(pending));
}

void QueryTable::put_back(PendingQuery query) {
    const std::uint16_t id = query.exchange->query->id;
    query.held = cost_of(query);
    held_ += query.held;
    by_id_.emplace(id, queries_.insert(queries_.end(), std::move(query)));
}

std::optional<PendingQuery> QueryTable::take(const Message& response, const Endpoint& peer) {
    const auto found = find(response, peer);
    return found == queries_.end() ? std::nullopt : std::optional(extract(found));
}

std::optional<PendingQuery> QueryTable::take_oldest() {
    return queries_.empty() ? std::nullopt : std::optional(extract(queries_.begin()));
}

std::optional<PendingQuery> QueryTable::take_older_than(Timestamp limit) {
    return queries_.empty() || queries_.front().latest >= limit ? std::nullopt : take_oldest();
}

}  // namespace sslsniff::dns
