#pragma once

#include "output/output.h"

namespace sslsniff::test {

/// A sink as an output.
class SinkOutput final : public Output {
  public:
    explicit SinkOutput(TransactionSink& sink) : sink_(sink) {}

    TransactionSink* transactions() override { return &sink_; }
    RenderedOutput* rendered() override { return dynamic_cast<RenderedOutput*>(&sink_); }
    Result<void> check(Timestamp /*now*/) override { return {}; }
    Result<void> open(Timestamp /*now*/) override { return {}; }
    Result<bool> flush() override { return true; }
    Result<void> finish() override { return {}; }
    bool is_done() const override { return false; }

  private:
    TransactionSink& sink_;
};

}  // namespace sslsniff::test
