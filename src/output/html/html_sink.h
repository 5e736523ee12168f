#pragma once

#include "output/files/file_format.h"
#include "output/html/data_blocks.h"
#include "output/json/json_sink.h"
#include "output/json/json_writer.h"

namespace sslsniff {

/// A page that shows a capture in a browser, without network or server (docs/html.md): the lines of JsonSink
/// in blocks of data that no browser runs, and a script that reads them. Before each transaction stands a
/// row: what a list shows of it, so that the page can open without reading the rest. Keeps nothing but what
/// JsonSink keeps.
class HtmlSink final : public TransactionSink, public FileFormat {
  public:
    /// `out` must outlive the sink.
    explicit HtmlSink(OutputStream& out) : out_(out) {}

    void on_transaction(const Transaction& transaction) override;
    void on_connection(const ConnectionRecord& record) override;
    void on_loss(const LossEvent& loss) override;
    void on_summary(const CaptureSummary& summary) override;
    /// The page says that the capture goes on in another file.
    void end_file() override;
    void begin_file() override { begun_ = false; }

  private:
    void begin();
    void end();
    void row(const Transaction& transaction);
    /// What passed at `time`, in microseconds since the epoch; left out when that is not known.
    void time(std::string_view key, Timestamp time);
    /// At most as much as a row has room for, printable; left out when there is nothing.
    void text_if_any(std::string_view key, ByteView bytes);

    OutputStream& out_;
    DataBlocks blocks_{out_};
    JsonSink json_{blocks_};
    JsonWriter row_;
    bool begun_ = false;
};

}  // namespace sslsniff
