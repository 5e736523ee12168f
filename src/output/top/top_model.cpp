#include "output/top/top_model.h"

#include <algorithm>

#include "base/saturating.h"
#include "output/stat/grouping.h"

namespace sslsniff {

TopModel::TopModel(const StatOptions& options, TextOptions text)
    : table_(options.columns.empty() ? default_columns() : options.columns), kept_(std::move(text)) {}

void TopModel::on_open(const OpenConnection& /*connection*/) {
    ++open_;
}

void TopModel::on_withdraw(const ConnectionInfo& /*connection*/) {
    open_ -= open_ > 0 ? 1 : 0;
}

void TopModel::on_transaction(const Transaction& transaction) {
    advance(transaction.timing.end.value_or(transaction.timing.start));
    if (!filter_ || filter_->matches(transaction)) {
        const Facts facts = transaction.exchange->facts();
        kept_.add(transaction, facts, table_.add(transaction, facts));
    }
}

void TopModel::on_connection(const ConnectionRecord& record) {
    advance(record.closed);
    open_ -= open_ > 0 ? 1 : 0;
    kept_.forget(record);
}

void TopModel::on_loss(const LossEvent& loss) {
    add_saturating(lost_events_, loss.events);
}

void TopModel::on_summary(const CaptureSummary& /*summary*/) {
    has_ended_ = true;
}

void TopModel::tick(Timestamp now) {
    advance(now);
}

void TopModel::advance(Timestamp now) {
    now_ = std::max(now_.value_or(now), now);
    table_.advance(*now_);
}

void TopModel::set_filter(std::optional<WhereFilter> filter) {
    filter_ = std::move(filter);
    clear();
}

void TopModel::clear() {
    table_.clear();
    kept_.clear();
}

}  // namespace sslsniff
