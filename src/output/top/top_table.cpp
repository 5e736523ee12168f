#include "output/top/top_table.h"

#include <algorithm>
#include <chrono>

namespace sslsniff {
namespace {

constexpr std::string_view kOther = "(other)";

std::int64_t second_of(Timestamp time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace

const std::vector<std::string>& TopTable::add(const Transaction& transaction, const Facts& facts) {
    std::vector<std::string> values = grouping_.values(transaction, facts);
    auto place = groups_.find(values);
    if (place == groups_.end()) {
        if (groups_.size() >= Statistics::kMostGroups) {
            values.assign(columns().size(), std::string(kOther));
        }
        place = groups_.try_emplace(std::move(values)).first;
    }
    advance(transaction.timing.end.value_or(transaction.timing.start));
    Group& group = place->second;
    advance(group);
    ++transactions_;
    ++group.seconds.at(static_cast<std::size_t>(now_) % kTrend);
    group.all.add(transaction, facts);
    group.latest.add(transaction, facts);
    return place->first;
}

void TopTable::advance(Timestamp now) {
    now_ = std::max(now_, second_of(now));
    if (began_ == 0) {
        began_ = now_;
    }
}

/// Brings the group up to this second.
void TopTable::advance(Group& group) const {
    const Second half = now_ / kHalfSpan;
    if (group.half != half) {
        group.previous = group.half + 1 == half ? std::move(group.latest) : GroupTotals();
        group.latest = {};
        group.half = half;
    }
    const Second first = std::max(group.second + 1, now_ - static_cast<Second>(kTrend) + 1);
    for (Second second = first; second <= now_; ++second) {
        group.seconds.at(static_cast<std::size_t>(second) % kTrend) = 0;
    }
    group.second = std::max(group.second, now_);
}

std::uint32_t TopTable::count_at(const Group& group, Second second) const {
    const bool is_there = second <= group.second && second > group.second - static_cast<Second>(kTrend);
    return is_there ? group.seconds.at(static_cast<std::size_t>(second) % kTrend) : 0;
}

void TopTable::add_to(TopRow& row, const Group& group, TopSpan span) const {
    if (span == TopSpan::all) {
        row.totals.add(group.all);
    } else {
        const Second half = now_ / kHalfSpan;
        if (group.half == half) {
            row.totals.add(group.previous);
        }
        if (group.half == half || group.half + 1 == half) {
            row.totals.add(group.latest);
        }
    }
    // The current second is not over: it would say too little.
    const Second seconds = std::clamp<Second>(now_ - began_, 1, kRateSeconds);
    const Second last = now_ > began_ ? now_ - 1 : now_;
    for (Second second = last - seconds + 1; second <= last; ++second) {
        row.rate += static_cast<double>(count_at(group, second)) / static_cast<double>(seconds);
    }
    row.trend.resize(kTrend);
    for (std::size_t i = 0; i < kTrend; ++i) {
        row.trend[i] += count_at(group, last - static_cast<Second>(kTrend - 1 - i));
    }
}

std::vector<TopRow> TopTable::rows(std::span<const std::string> prefix, std::size_t depth,
                                   TopSpan span) const {
    std::vector<TopRow> rows;
    // Groups are in the order of their values: those that belong together follow each other.
    for (const auto& [values, group] : groups_) {
        if (!std::ranges::equal(prefix, std::span(values).first(std::min(prefix.size(), values.size())))) {
            continue;
        }
        const std::span head = std::span(values).first(std::min(depth, values.size()));
        if (rows.empty() || !std::ranges::equal(rows.back().values, head)) {
            rows.push_back({{head.begin(), head.end()}, {}, 0, {}});
        }
        add_to(rows.back(), group, span);
    }
    if (span == TopSpan::recent) {
        std::erase_if(rows, [](const TopRow& row) { return row.totals.count == 0; });
    }
    return rows;
}

void TopTable::clear() {
    groups_.clear();
    transactions_ = 0;
    began_ = 0;
}

}  // namespace sslsniff
