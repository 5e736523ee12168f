#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/transaction.h"
#include "output/stat/grouping.h"
#include "output/stat/histogram.h"

namespace sslsniff {

/// What is counted of a group.
struct GroupTotals {
    /// One more; `facts`: those of its exchange.
    void add(const Transaction& transaction, const Facts& facts);
    /// All that another one has counted.
    void add(const GroupTotals& other);

    std::uint64_t count = 0;
    std::uint64_t errors = 0;      ///< client and server errors, and what failed
    std::uint64_t unanswered = 0;  ///< no answer was seen
    Histogram latency;             ///< of those that came to their end
    Histogram first_byte;          ///< from the end of the request to the beginning of the response
    std::uint64_t request_bytes = 0;
    std::uint64_t response_bytes = 0;
};

/// What is counted of all connections that ended.
struct ConnectionTotals {
    std::uint64_t count = 0;
    std::uint64_t refused = 0;
    std::uint64_t reset = 0;
    std::uint64_t timed_out = 0;
    std::uint64_t failed_handshakes = 0;
    Histogram connect;    ///< of those that the processes opened
    Histogram handshake;  ///< of TLS
};

/// Transactions by group. At most 1,000 groups: what would begin another one is counted as one group, whose
/// values are "(other)".
class Statistics {
  public:
    static constexpr std::size_t kMostGroups = 1000;
    struct Group {
        const std::vector<std::string>* values;
        const GroupTotals* totals;
    };

    explicit Statistics(std::vector<StatColumn> columns) : grouping_(std::move(columns)) {}

    const std::vector<StatColumn>& columns() const { return grouping_.columns(); }
    bool reads_fields() const { return grouping_.reads_fields(); }
    void add(const Transaction& transaction);
    void add(const ConnectionRecord& record);

    std::uint64_t transactions() const { return transactions_; }
    const ConnectionTotals& connections() const { return connections_; }
    /// Those with the most transactions first; "(other)" last. Valid until something is added.
    std::vector<Group> groups() const;
    bool empty() const { return transactions_ == 0 && connections_.count == 0; }
    void clear();

  private:
    GroupTotals& find(std::vector<std::string> values);

    Grouping grouping_;
    std::map<std::vector<std::string>, GroupTotals> groups_;
    std::uint64_t transactions_ = 0;
    ConnectionTotals connections_;
};

}  // namespace sslsniff
