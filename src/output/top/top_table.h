#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "model/transaction.h"
#include "output/stat/grouping.h"
#include "output/stat/statistics.h"

namespace sslsniff {

/// Over which time a row counts.
enum class TopSpan : std::uint8_t {
    recent,  ///< the last 30 to 60 seconds
    all      ///< since the beginning, or clear()
};

/// One row: a group, or several that have their first values in common.
struct TopRow {
    std::vector<std::string> values;
    GroupTotals totals;
    double rate = 0;                   ///< transactions a second, over the last 10 seconds
    std::vector<std::uint32_t> trend;  ///< transactions in each of the last seconds, the latest last
};

/// Transactions by group, and how many there were in each of the last seconds. At most
/// Statistics::kMostGroups groups; all others are one, whose values are "(other)".
class TopTable {
  public:
    /// Seconds of TopRow::trend.
    static constexpr std::size_t kTrend = 30;

    explicit TopTable(std::vector<StatColumn> columns) : grouping_(std::move(columns)) {}

    const std::vector<StatColumn>& columns() const { return grouping_.columns(); }
    /// The values of the group that it was counted in. `facts`: those of its exchange.
    const std::vector<std::string>& add(const Transaction& transaction, const Facts& facts);
    /// Time has come to `now`.
    void advance(Timestamp now);
    /// Groups that begin with the values of `prefix`, those together that have the first `depth` in common;
    /// with TopSpan::recent those alone in which something happened. In no particular order.
    std::vector<TopRow> rows(std::span<const std::string> prefix, std::size_t depth, TopSpan span) const;
    std::uint64_t transactions() const { return transactions_; }
    void clear();

  private:
    using Second = std::int64_t;
    static constexpr Second kRateSeconds = 10;
    static constexpr Second kHalfSpan = 30;

    struct Group {
        GroupTotals all;
        GroupTotals latest;    ///< of the current half minute
        GroupTotals previous;  ///< of the one before
        Second half = 0;       ///< which half minute is current
        std::array<std::uint32_t, kTrend> seconds{};
        Second second = 0;  ///< the latest that `seconds` has
    };
    using Groups = std::map<std::vector<std::string>, Group>;

    void advance(Group& group) const;
    std::uint32_t count_at(const Group& group, Second second) const;
    void add_to(TopRow& row, const Group& group, TopSpan span) const;

    Grouping grouping_;
    Groups groups_;
    std::uint64_t transactions_ = 0;
    Second now_ = 0;
    Second began_ = 0;  ///< the first second in which anything was seen; 0: nothing was
};

}  // namespace sslsniff
