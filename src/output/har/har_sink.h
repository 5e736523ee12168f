#pragma once

#include <memory>
#include <string_view>

#include "base/output_stream.h"
#include "model/transaction.h"
#include "output/files/file_format.h"
#include "output/har/har_entries.h"
#include "output/renderer.h"

namespace sslsniff {

/// HTTP transactions as an HTTP Archive 1.2 (http://www.softwareishard.com/blog/har-12-spec/), for browsers'
/// developer tools and other viewers. Other protocols have no place in it and are left out. Content codings
/// are undone. The archive is whole after on_summary() or end_file().
class HarSink final : public TransactionSink, public FileFormat, public RenderedOutput {
  public:
    /// `out` must outlive the sink.
    explicit HarSink(OutputStream& out) : out_(out) {}

    /// What an archive says of it alone, valid until the next call; empty: there is no place for it.
    ByteView entry_of(const Transaction& transaction);
    /// What is before the first entry and behind the last; between two of them there is a comma.
    static constexpr std::string_view kHead =
        "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"sslsniff\",\"version\":\"" SSLSNIFF_VERSION
        "\"},\"entries\":[";
    static constexpr std::string_view kTail = "\n]}}\n";

    void on_transaction(const Transaction& transaction) override;
    void on_connection(const ConnectionRecord& /*record*/) override {}
    void on_loss(const LossEvent& /*loss*/) override {}
    void on_summary(const CaptureSummary& summary) override;
    void end_file() override;
    void begin_file() override;

    std::unique_ptr<Renderer> make_renderer() const override;
    void write(const Transaction& transaction, ByteView rendered) override;
    void write(const ConnectionRecord& /*record*/, ByteView /*rendered*/) override {}

  private:
    void begin();

    OutputStream& out_;
    HarEntries entries_;
    Bytes rendered_;  ///< the last one
    bool begun_ = false;
    bool any_ = false;
};

}  // namespace sslsniff
