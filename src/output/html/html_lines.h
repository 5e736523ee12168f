#pragma once

#include <cstdint>
#include <string_view>

#include "output/json/json_sink.h"
#include "output/json/json_writer.h"
#include "output/renderer.h"
#include "output/rendering/sink_renderer.h"

namespace sslsniff {

/// The lines of JSON in an HTML report: before each transaction stands a row, what a list shows of it.
class HtmlLines final : public Renderer {
  public:
    void render(const Transaction& transaction, std::uint32_t hint, Bytes& out) override;
    void render(const ConnectionRecord& record, std::uint32_t hint, Bytes& out) override;

  private:
    void row(const Transaction& transaction, Bytes& out);
    /// What passed at `time`, in microseconds since the epoch; left out when that is not known.
    void time(std::string_view key, Timestamp time);
    /// At most as much as a row has room for, printable; left out when there is nothing.
    void text_if_any(std::string_view key, ByteView bytes);

    SinkRenderer<JsonSink> json_;
    JsonWriter row_;
};

}  // namespace sslsniff
