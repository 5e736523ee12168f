#include "protocols/dns/query_table.h"

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

std::size_t held_by(const PendingQuery& query) {
    const DnsExchange& exchange = *query.exchange;
    return allocated(sizeof(DnsExchange)) + (exchange.query ? exchange.query->held() : 0) +
           (exchange.response ? exchange.response->held() : 0);
}

bool same_peer(const Endpoint& a, const Endpoint& b) {
    return a.port == 0 || b.port == 0 || a == b;
}

/// Whether `message`, from or to `peer`, is about a query.
auto is_about(const Message& message, const Endpoint& peer) {
    return [&](const PendingQuery& pending) {
        return same_peer(pending.peer, peer) && same_question(*pending.exchange->query, message);
    };
}

}  // namespace

void QueryTable::add(Message query, const Endpoint& peer, Timestamp time) {
    if (PendingQuery* same = queries_.find(query.id, is_about(query, peer))) {
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
    const std::size_t held = held_by(query);
    queries_.add(id, std::move(query), held);
}

std::optional<PendingQuery> QueryTable::take(const Message& response, const Endpoint& peer) {
    return queries_.take(response.id, is_about(response, peer));
}

std::optional<PendingQuery> QueryTable::take_oldest() {
    return queries_.take_oldest();
}

std::optional<PendingQuery> QueryTable::take_older_than(Timestamp limit) {
    const PendingQuery* oldest = queries_.oldest();
    return oldest == nullptr || oldest->latest >= limit ? std::nullopt : take_oldest();
}

}  // namespace sslsniff::dns
