#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "filter/comparison.h"
#include "model/transaction.h"

namespace sslsniff {

/// A --where expression (docs/filters.md): comparisons of fields, joined by and, or, not. Looks at what is
/// known of a transaction without decoding its bodies. A field that a transaction does not have compares
/// false.
class WhereFilter {
  public:
    /// Errors show the place in the expression.
    static Result<WhereFilter> parse(std::string_view expression);

    bool matches(const Transaction& transaction) const;
    bool matches(const ConnectionRecord& record) const;

  private:
    friend class WhereParser;
    struct Node {
        enum class Kind : std::uint8_t { comparison, negation, conjunction, disjunction };
        Kind kind = Kind::comparison;
        std::size_t left = 0;  ///< node, or comparison
        std::size_t right = 0;
    };

    WhereFilter() = default;
    bool evaluate(std::size_t node, const FieldCollector& fields) const;

    std::vector<std::string> paths_;
    std::vector<Comparison> comparisons_;
    std::vector<Node> nodes_;
    std::size_t root_ = 0;
    bool needs_exchange_ = false;
};

/// Hands on what passes a filter. Losses and the summary always pass.
class FilterSink final : public TransactionSink {
  public:
    /// Borrows `next`. With `connections` (--connections) it is connections that are shown.
    FilterSink(WhereFilter filter, TransactionSink& next, bool connections = false)
        : filter_(std::move(filter)), next_(next), connections_(connections) {}
    void on_transaction(const Transaction& transaction) override {
        ++transactions_;
        if (filter_.matches(transaction)) {
            next_.on_transaction(transaction);
        }
    }
    void on_connection(const ConnectionRecord& record) override {
        if (filter_.matches(record)) {
            next_.on_connection(record);
        }
    }
    void on_loss(const LossEvent& loss) override { next_.on_loss(loss); }
    void on_summary(const CaptureSummary& summary) override {
        CaptureSummary counted = summary;
        count_into(counted);
        next_.on_summary(counted);
    }
    /// Says in a summary on its way how many transactions the filter looked at, when they are what is shown.
    void count_into(CaptureSummary& summary) const {
        if (!connections_) {
            summary.filtered_from = transactions_;
        }
    }

  private:
    WhereFilter filter_;
    TransactionSink& next_;
    bool connections_;
    std::uint64_t transactions_ = 0;
};

}  // namespace sslsniff
