#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "stages/sink_stage.h"

namespace sslsniff {

/// Counts the connections whose TLS nobody decoded, by program and reason: kMostKinds of them.
class UndecodedTally final : public SinkStage {
  public:
    static constexpr std::size_t kMostKinds = 1024;

    /// Borrows `next`.
    explicit UndecodedTally(TransactionSink& next) : SinkStage(next) {}
    void on_connection(const ConnectionRecord& record) override;

    /// One printable sentence; empty when there were none.
    std::string sentence() const;

  private:
    void count(const ConnectionRecord& record);

    using Kind = std::pair<std::string, std::string>;  // comm, TlsInfo::not_decoded
    std::map<Kind, std::uint64_t> kinds_;
    std::uint64_t connections_ = 0;
};

}  // namespace sslsniff
