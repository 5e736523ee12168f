#include "output/stat/statistics.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/saturating.h"

namespace sslsniff {
namespace {

constexpr std::string_view kOther = "(other)";

bool is_error(Outcome outcome) {
    return outcome == Outcome::client_error || outcome == Outcome::server_error || outcome == Outcome::failed;
}

}  // namespace

void GroupTotals::add(const Transaction& transaction, const Facts& facts) {
    const Timing& timing = transaction.timing;
    ++count;
    errors += is_error(facts.outcome) ? 1 : 0;
    unanswered += facts.outcome == Outcome::unanswered ? 1 : 0;
    add_saturating(request_bytes, facts.request_bytes);
    add_saturating(response_bytes, facts.response_bytes);
    if (timing.end && facts.outcome != Outcome::unanswered) {
        latency.add(*timing.end - timing.start);
    }
    if (timing.response_start) {
        first_byte.add(*timing.response_start - timing.request_end.value_or(timing.start));
    }
}

void GroupTotals::add(const GroupTotals& other) {
    count += other.count;
    errors += other.errors;
    unanswered += other.unanswered;
    latency.add(other.latency);
    first_byte.add(other.first_byte);
    add_saturating(request_bytes, other.request_bytes);
    add_saturating(response_bytes, other.response_bytes);
}

GroupTotals& Statistics::find(std::vector<std::string> values) {
    const auto known = groups_.find(values);
    if (known != groups_.end()) {
        return known->second;
    }
    return groups_[groups_.size() < kMostGroups
                       ? std::move(values)
                       : std::vector<std::string>(columns().size(), std::string(kOther))];
}

void Statistics::add(const Transaction& transaction) {
    const Facts facts = transaction.exchange->facts();
    ++transactions_;
    find(grouping_.values(transaction, facts)).add(transaction, facts);
}

void Statistics::add(const ConnectionRecord& record) {
    ++connections_.count;
    connections_.refused += record.reason == CloseReason::refused ? 1 : 0;
    connections_.reset += record.reason == CloseReason::reset ? 1 : 0;
    connections_.timed_out += record.reason == CloseReason::timed_out ? 1 : 0;
    connections_.failed_handshakes += record.connection.tls.handshake_failed ? 1 : 0;
    // What a socket carries behind something else was connected, and counted, with that.
    if (record.connection.endpoints.connect_time && !record.connection.continues) {
        connections_.connect.add(*record.connection.endpoints.connect_time);
    }
    if (record.connection.tls.handshake && !record.connection.tls.handshake_failed) {
        connections_.handshake.add(*record.connection.tls.handshake);
    }
}

std::vector<Statistics::Group> Statistics::groups() const {
    std::vector<Group> all;
    all.reserve(groups_.size());
    for (const auto& [values, totals] : groups_) {
        all.push_back({&values, &totals});
    }
    // Not stable_sort: what libstdc++ 12 has is deprecated to clang.
    std::ranges::sort(all, [](const Group& a, const Group& b) {
        const bool other_a = a.values->front() == kOther;
        const bool other_b = b.values->front() == kOther;
        if (other_a != other_b) {
            return other_b;
        }
        return a.totals->count != b.totals->count ? a.totals->count > b.totals->count : *a.values < *b.values;
    });
    return all;
}

void Statistics::clear() {
    groups_.clear();
    transactions_ = 0;
    connections_ = {};
}

}  // namespace sslsniff
