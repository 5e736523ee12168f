#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>

#include "base/output_stream.h"
#include "model/transaction.h"
#include "output/text/call_tree.h"
#include "output/text/loss_text.h"
#include "output/text/style.h"
#include "output/text/text_options.h"

namespace sslsniff {

/// One line per transaction for people to read; what nobody understood, failed handshakes and losses get a
/// line too. Whatever the bytes, only printable characters come out.
class TextSink final : public TransactionSink {
  public:
    /// `out` must outlive the sink. The summary is not part of it: see summary_text().
    TextSink(OutputStream& out, TextOptions options);

    void on_transaction(const Transaction& transaction) override;
    void on_connection(const ConnectionRecord& record) override;
    void on_loss(const LossEvent& loss) override;
    void on_summary(const CaptureSummary& summary) override;
    /// As of Output.
    bool reads_fields() const { return options_.verbosity > 0 || options_.hex; }

  private:
    /// What the lines of an open connection have said already.
    struct Said {
        bool tls = false;
        bool container = false;
        std::string reason;
    };

    Said& said_of(const ConnectionInfo& connection);
    std::string text_of(const Transaction& transaction);
    void add_cause(StyledText& line, const Transaction& transaction);
    void show_losses(Timestamp time);
    /// Time, process, both ends and TLS version. The name of the other end is left out if `said` has it.
    void beginning(StyledText& line, Timestamp start, const ConnectionInfo& connection, std::string_view said,
                   bool has_begun) const;

    OutputStream& out_;
    TextOptions options_;
    LossCollector losses_;
    std::unordered_map<std::uint64_t, Said> said_;  ///< by generation
    std::set<TransactionId> named_;  ///< requests that lines of calls have named, and not shown yet
    CallTree tree_;
};

}  // namespace sslsniff
