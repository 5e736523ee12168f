#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "output/bodies/body_folder.h"
#include "output/output.h"
#include "output/output_context.h"

namespace sslsniff {

/// Saves whole bodies (--save-bodies, docs/bodies.md): takes their bytes as they pass, and gives those of
/// each transaction that it is shown a name. What belongs to none is dropped.
class BodiesOutput final : public Output, private TransactionSink {
  public:
    /// As of BodyFolder.
    BodiesOutput(std::string path, std::uint64_t quota, FileRules& rules)
        : folder_(std::move(path), rules, quota) {}

    TransactionSink* transactions() override { return this; }
    BodyStore* bodies() override { return &folder_; }
    Result<void> check(Timestamp now) override;
    Result<void> open(Timestamp now) override;
    Result<bool> flush() override;
    Result<void> finish() override;
    bool is_done() const override { return !folder_.status(); }
    std::vector<std::string> take_remarks() override;

  private:
    void on_transaction(const Transaction& transaction) override;
    void on_connection(const ConnectionRecord& /*record*/) override {}
    void on_loss(const LossEvent& /*loss*/) override {}
    void on_summary(const CaptureSummary& /*summary*/) override {}

    BodyFolder folder_;
    bool told_of_full_folder_ = false;
    std::vector<std::string> remarks_;
};

/// docs/bodies.md: files of whole bodies in the folder that the place names.
std::unique_ptr<Output> make_bodies_output(const OutputPlace& place, const OutputContext& context);

}  // namespace sslsniff
