#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "model/transaction.h"

namespace sslsniff {

/// Counts the connections whose TLS nobody decoded, by program and reason: kMostKinds of them.
class UndecodedTally final : public TransactionSink {
  public:
    static constexpr std::size_t kMostKinds = 1024;

    void on_transaction(const Transaction& /*transaction*/) override {}
    void on_connection(const ConnectionRecord& record) override;
    void on_loss(const LossEvent& /*loss*/) override {}
    void on_summary(const CaptureSummary& /*summary*/) override {}

    /// One printable sentence; empty when there were none.
    std::string sentence() const;

  private:
    using Kind = std::pair<std::string, std::string>;  // comm, TlsInfo::not_decoded
    std::map<Kind, std::uint64_t> kinds_;
    std::uint64_t connections_ = 0;
};

}  // namespace sslsniff
