#pragma once

#include <string_view>

#include "base/output_stream.h"
#include "model/transaction.h"
#include "output/files/file_format.h"
#include "output/har/field_tree.h"
#include "output/json/json_writer.h"

namespace sslsniff {

/// HTTP transactions as an HTTP Archive 1.2 (http://www.softwareishard.com/blog/har-12-spec/), for browsers'
/// developer tools and other viewers. Other protocols have no place in it and are left out. Content codings
/// are undone. The archive is whole after on_summary() or end_file().
class HarSink final : public TransactionSink, public FileFormat {
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

  private:
    void begin();
    void entry(const Transaction& transaction, const FieldTree::Node& fields);
    void request(const FieldTree::Node* node);
    void response(const FieldTree::Node* node, ByteView version);
    /// NAME=VALUE, or NAME alone, as an object.
    void assignment(ByteView pair);
    void cookies(const FieldTree::Node* message);
    void headers(const FieldTree::Node* message);
    void query(ByteView url);
    void content(const Body& body);
    void timings(const Timing& timing);
    /// Text that viewers expect to be text: bytes that are not appear as \xNN.
    void text(std::string_view key, ByteView bytes);

    OutputStream& out_;
    JsonWriter json_;
    bool begun_ = false;
    bool any_ = false;
};

}  // namespace sslsniff
