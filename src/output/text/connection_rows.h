#pragma once

#include "base/output_stream.h"
#include "model/transaction.h"
#include "output/files/file_format.h"
#include "output/text/loss_text.h"
#include "output/text/style.h"
#include "output/text/text_options.h"

namespace sslsniff {

/// --connections: a table with one row for each connection when it ends; losses get a line too. Whatever the
/// bytes, only printable characters come out.
class ConnectionRows final : public TransactionSink, public FileFormat {
  public:
    /// Writes the heading. `out` must outlive the sink.
    ConnectionRows(OutputStream& out, TextOptions options);

    void on_transaction(const Transaction& transaction) override;
    void on_connection(const ConnectionRecord& record) override;
    void on_loss(const LossEvent& loss) override;
    void on_summary(const CaptureSummary& summary) override;
    /// As of Output.
    static bool reads_fields() { return false; }
    void end_file() override {}
    /// Writes the heading again.
    void begin_file() override;

    /// Columns that a row's parts take, by how wide the terminal is; 0: left out.
    struct Layout {
        std::size_t needs = 0;  ///< columns of the terminal
        std::size_t opened = 0;
        std::size_t process = 0;
        std::size_t local = 0;
        std::size_t protocol = 0;
        bool connect = false;
    };

  private:
    OutputStream& out_;
    TextOptions options_;
    LossCollector losses_;
    Layout layout_;
};

}  // namespace sslsniff
