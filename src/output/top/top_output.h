#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/patience.h"
#include "output/output.h"
#include "output/output_context.h"
#include "output/top/terminal.h"
#include "output/top/top_controller.h"
#include "output/top/top_model.h"

namespace sslsniff {

/// `sslsniff top` (docs/top.md): shows on the terminal what is counted, and does what keys ask for, from
/// where the capture hands on what it has. When the capture is over by itself it stays until it is quit.
class TopOutput final : public Output {
  public:
    /// `patience` lets time pass when the capture is over.
    /// Borrows both.
    TopOutput(const OutputContext& context, const FileRules& rules, Patience* patience);

    TransactionSink* transactions() override { return &model_; }
    Result<void> check(Timestamp now) override;
    Result<void> open(Timestamp now) override;
    void tick(Timestamp now) override;
    Result<bool> flush() override;
    Result<void> finish() override;
    bool is_done() const override { return controller_.wants_to_quit(); }

  private:
    using Clock = std::chrono::steady_clock;

    /// Does what keys ask for; shows what has changed.
    void serve();

    TopModel model_;
    TopController controller_;
    bool has_colors_;
    Patience* patience_;
    std::unique_ptr<Terminal> terminal_;
    Clock::time_point shown_;
    bool is_live_ = false;  ///< the events are of now: time passes without them
};

std::unique_ptr<Output> make_top_output(const OutputPlace& place, const OutputContext& context);

}  // namespace sslsniff
