#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

#include "base/output_stream.h"
#include "model/transaction.h"
#include "output/renderer.h"
#include "output/text/call_tree.h"
#include "output/text/loss_text.h"
#include "output/text/text_lines.h"
#include "output/text/text_options.h"

namespace sslsniff {

/// One line per transaction for people to read; what nobody understood, failed handshakes and losses get a
/// line too. Whatever the bytes, only printable characters come out.
class TextSink final : public TransactionSink, public RenderedOutput {
  public:
    /// `out` must outlive the sink. The summary is not part of it: see summary_text().
    TextSink(OutputStream& out, TextOptions options);

    void on_transaction(const Transaction& transaction) override;
    void on_connection(const ConnectionRecord& record) override;
    void on_loss(const LossEvent& loss) override;
    void on_summary(const CaptureSummary& summary) override;
    /// As of Output.
    bool reads_fields() const { return TextLines::shows_details(options_); }

    std::unique_ptr<Renderer> make_renderer() const override;
    std::uint32_t hint(const Transaction& transaction) override;
    std::uint32_t hint(const ConnectionRecord& record) override;
    void write(const Transaction& transaction, ByteView rendered) override;
    void write(const ConnectionRecord& record, ByteView rendered) override;

  private:
    /// What the lines of an open connection have said already.
    struct Said {
        bool tls = false;
        bool container = false;
        std::string reason;
    };

    Said& said_of(const ConnectionInfo& connection);
    bool is_named(const Transaction& transaction);
    void show_losses(Timestamp time);

    OutputStream& out_;
    TextOptions options_;
    TextLines lines_;
    Bytes rendered_;  ///< what is being written
    LossCollector losses_;
    std::unordered_map<std::uint64_t, Said> said_;  ///< by generation
    std::set<TransactionId> named_;  ///< requests that lines of calls have named, and not shown yet
    CallTree tree_;
};

}  // namespace sslsniff
