#pragma once

#include <memory>
#include <utility>

#include "redaction/redacted_exchange.h"
#include "stages/sink_stage.h"

namespace sslsniff {

/// Hands on transactions without the credentials in them.
class RedactionStage final : public SinkStage {
  public:
    /// Borrows `next`. What it hands on may need the redactor for longer than the stage exists.
    RedactionStage(std::shared_ptr<const Redactor> redactor, TransactionSink& next)
        : SinkStage(next), redactor_(std::move(redactor)) {}

    void on_transaction(const Transaction& transaction) override {
        next().on_transaction({transaction.connection, transaction.timing, transaction.integrity,
                               std::make_shared<const RedactedExchange>(transaction.exchange, *redactor_),
                               transaction.number, transaction.caused_by});
    }

    void on_connection(const ConnectionRecord& record) override {
        ConnectionRecord clean = record;
        bool changed = false;
        for (StreamTotals* side : {&clean.sent, &clean.received}) {
            if (auto bytes = redactor_->unknown(side->first_bytes)) {
                side->first_bytes = *std::move(bytes);
                changed = true;
            }
        }
        next().on_connection(changed ? clean : record);
    }

  private:
    std::shared_ptr<const Redactor> redactor_;
};

}  // namespace sslsniff
