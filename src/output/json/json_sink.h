#pragma once

#include <map>
#include <memory>

#include "base/output_stream.h"
#include "model/transaction.h"
#include "output/json/json_writer.h"
#include "output/renderer.h"

namespace sslsniff {

/// One JSON object per line (docs/json.md). Errors surface at `out`'s flush().
class JsonSink final : public TransactionSink, public RenderedOutput {
  public:
    /// `out` must outlive the sink.
    explicit JsonSink(OutputStream& out) : out_(out) {}

    void on_transaction(const Transaction& transaction) override;
    void on_connection(const ConnectionRecord& record) override;
    void on_loss(const LossEvent& loss) override;
    void on_summary(const CaptureSummary& summary) override;

    std::unique_ptr<Renderer> make_renderer() const override;
    void write(const Transaction& /*transaction*/, ByteView rendered) override { out_.write(rendered); }
    void write(const ConnectionRecord& /*record*/, ByteView rendered) override { out_.write(rendered); }

  private:
    /// What is the same in all objects about a connection: most of their bytes.
    struct Described {
        ConnectionInfo connection;
        Bytes json;  ///< the value of "process", and the member "connection"
    };
    /// Writes those two members, again only when something has changed. Begins a document: before begin().
    const Bytes& describe(const ConnectionInfo& connection);
    void begin(std::string_view type);
    void end();
    void time(std::string_view key, Timestamp time);
    /// Whole microseconds from `from` to `to`, at least 0.
    void microseconds(std::string_view key, Timestamp from, Timestamp to);
    void microseconds(std::string_view key, Duration duration);
    void process(const ProcessInfo& process);
    void connection(const ConnectionInfo& connection);
    void endpoint(std::string_view key, const Endpoint& endpoint);
    void tunnel(const Tunnel& tunnel);
    void tls(const TlsInfo& tls);
    void timing(const Timing& timing);
    void integrity(const Integrity& integrity);
    void stream(std::string_view key, const StreamTotals& totals, bool with_bytes);
    void text_if_known(std::string_view key, ByteView bytes);

    OutputStream& out_;
    JsonWriter json_;
    std::map<ConnectionId, Described> described_;
};

}  // namespace sslsniff
