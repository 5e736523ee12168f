#include "stages/count_limit.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "stages/sink_fan_out.h"

namespace sslsniff {
namespace {

/// Writes down what it is told.
class Recorder final : public TransactionSink {
  public:
    Recorder(std::vector<std::string>& log, std::string name) : log_(log), name_(std::move(name)) {}
    void on_transaction(const Transaction& /*transaction*/) override {
        log_.push_back(name_ + " transaction");
    }
    void on_connection(const ConnectionRecord& /*record*/) override { log_.push_back(name_ + " connection"); }
    void on_loss(const LossEvent& /*loss*/) override { log_.push_back(name_ + " loss"); }
    void on_summary(const CaptureSummary& summary) override {
        log_.push_back(name_ + " summary " + std::to_string(summary.transactions));
    }

  private:
    std::vector<std::string>& log_;
    std::string name_;
};

class SinksTest : public testing::Test {
  protected:
    std::vector<std::string> log_;
    ConnectionInfo connection_;
    Transaction transaction_{connection_, {}, {}, nullptr};
};

TEST_F(SinksTest, FanOutKeepsTheOrder) {
    SinkFanOut fan_out;
    Recorder a(log_, "a");
    Recorder b(log_, "b");
    fan_out.add(a);
    fan_out.add(b);
    fan_out.on_transaction(transaction_);
    fan_out.on_connection({connection_, {}, {}, {}, 0, {}, {}});
    fan_out.on_loss({});
    fan_out.on_summary({});
    EXPECT_EQ(log_,
              (std::vector<std::string>{"a transaction", "b transaction", "a connection", "b connection",
                                        "a loss", "b loss", "a summary 0", "b summary 0"}));
}

/// Overrides nothing.
class PlainStage final : public SinkStage {
  public:
    explicit PlainStage(TransactionSink& next) : SinkStage(next) {}
};

TEST_F(SinksTest, AStageHandsOnWhatItDoesNotTouch) {
    Recorder a(log_, "a");
    PlainStage stage(a);
    stage.on_transaction(transaction_);
    stage.on_connection({connection_, {}, {}, {}, 0, {}, {}});
    stage.on_loss({});
    stage.on_summary({});
    EXPECT_EQ(log_, (std::vector<std::string>{"a transaction", "a connection", "a loss", "a summary 0"}));
}

TEST_F(SinksTest, CountLimitStopsTransactionsAlone) {
    Recorder recorder(log_, "a");
    CountLimit limit(recorder, 2);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(limit.is_reached(), i >= 2);
        limit.on_transaction(transaction_);
    }
    limit.on_loss({});
    CaptureSummary summary;
    summary.transactions = 3;
    limit.on_summary(summary);
    EXPECT_EQ(log_, (std::vector<std::string>{"a transaction", "a transaction", "a loss", "a summary 2"}));
    EXPECT_EQ(limit.summary().transactions, 2U);
}

TEST_F(SinksTest, CountLimitStopsConnectionsWhenTheyAreShown) {
    Recorder recorder(log_, "a");
    CountLimit limit(recorder, 2, true);
    limit.on_transaction(transaction_);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(limit.is_reached(), i >= 2);
        limit.on_connection({connection_, {}, {}, {}, 0, {}, {}});
    }
    EXPECT_EQ(log_, (std::vector<std::string>{"a connection", "a connection"}));
}

TEST_F(SinksTest, WithoutLimitEverythingPasses) {
    Recorder recorder(log_, "a");
    CountLimit limit(recorder, std::nullopt);
    limit.on_transaction(transaction_);
    limit.on_transaction(transaction_);
    EXPECT_FALSE(limit.is_reached());
    EXPECT_EQ(log_.size(), 2U);
}

}  // namespace
}  // namespace sslsniff
