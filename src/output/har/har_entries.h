#pragma once

#include <cstdint>
#include <string_view>

#include "output/har/field_tree.h"
#include "output/json/json_writer.h"
#include "output/renderer.h"

namespace sslsniff {

/// The entries of an HTTP Archive: an object for each transaction that has a place there, and nothing of
/// others and of connections.
class HarEntries final : public Renderer {
  public:
    void render(const Transaction& transaction, std::uint32_t hint, Bytes& out) override;
    void render(const ConnectionRecord& /*record*/, std::uint32_t /*hint*/, Bytes& /*out*/) override {}

  private:
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

    JsonWriter json_;
};

}  // namespace sslsniff
