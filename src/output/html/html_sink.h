#pragma once

#include <memory>

#include "output/files/file_format.h"
#include "output/html/data_blocks.h"
#include "output/html/html_lines.h"
#include "output/json/json_sink.h"
#include "output/renderer.h"

namespace sslsniff {

/// A page that shows a capture in a browser, without network or server (docs/html.md): the lines of JsonSink
/// in blocks of data that no browser runs, and a script that reads them. Before each transaction stands a
/// row: what a list shows of it, so that the page can open without reading the rest. Keeps nothing but what
/// JsonSink keeps.
class HtmlSink final : public TransactionSink, public FileFormat, public RenderedOutput {
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

    std::unique_ptr<Renderer> make_renderer() const override;
    void write(const Transaction& /*transaction*/, ByteView rendered) override { write_lines(rendered); }
    void write(const ConnectionRecord& /*record*/, ByteView rendered) override { write_lines(rendered); }

  private:
    void begin();
    void end();
    void write_lines(ByteView lines);

    OutputStream& out_;
    DataBlocks blocks_{out_};
    JsonSink json_{blocks_};
    HtmlLines lines_;
    Bytes rendered_;  ///< what is being written
    bool begun_ = false;
};

}  // namespace sslsniff
