#pragma once

#include <cstdint>

#include "base/output_stream.h"
#include "output/renderer.h"

namespace sslsniff {

/// A sink that writes each transaction and connection by itself is a renderer, too. `Sink` is constructed
/// with the stream that it writes to.
template <class Sink>
class SinkRenderer final : public Renderer {
  public:
    void render(const Transaction& transaction, std::uint32_t /*hint*/, Bytes& out) override {
        into_.bytes = &out;
        sink_.on_transaction(transaction);
    }
    void render(const ConnectionRecord& record, std::uint32_t /*hint*/, Bytes& out) override {
        into_.bytes = &out;
        sink_.on_connection(record);
    }

  private:
    struct Into final : OutputStream {
        void write(ByteView more) override { bytes->append(more); }
        Result<void> flush() override { return {}; }
        Bytes* bytes = nullptr;
    };
    Into into_;
    Sink sink_{into_};
};

}  // namespace sslsniff
