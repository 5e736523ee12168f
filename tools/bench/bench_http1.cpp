// HTTP/1 from events to transactions, without output and with JSON.
#include <benchmark/benchmark.h>

#include <string>

#include "base/output_stream.h"
#include "output/json/json_sink.h"
#include "stream/connection_table.h"

namespace {

using namespace sslsniff;

class CountingSink final : public TransactionSink {
  public:
    void on_transaction(const Transaction& transaction) override {
        complete += transaction.integrity.complete ? 1 : 0;
    }
    void on_connection(const ConnectionRecord&) override {}
    void on_loss(const LossEvent&) override {}
    void on_summary(const CaptureSummary&) override {}
    std::uint64_t complete = 0;
};

/// One connection of a client.
class Wire {
  public:
    Wire() : table_(sink_) { table_.on_event(OpenEvent{kId, {}, Carrier::tls, false, {}}); }
    void send(ByteView bytes) { pass(Direction::sent, bytes, sent_); }
    void receive(ByteView bytes) { pass(Direction::received, bytes, received_); }
    std::uint64_t complete() const { return sink_.complete; }

  private:
    static constexpr ConnectionId kId{1, 1, 1, 1};
    void pass(Direction direction, ByteView bytes, std::uint64_t& position) {
        table_.on_event(DataEvent{kId, {}, 1, direction, position, bytes});
        position += bytes.size();
    }
    CountingSink sink_;
    ConnectionTable table_;
    std::uint64_t sent_ = 0;
    std::uint64_t received_ = 0;
};

// What curl and nginx say to each other.
constexpr ByteView kRequest =
    "GET /index.html?query=some HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: curl/7.88.1\r\nAccept: "
    "*/*\r\n"
    "\r\n";
constexpr ByteView kResponse =
    "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Fri, 20 Nov 2026 10:03:39 GMT\r\nContent-Type: "
    "text/html\r\nContent-Length: 12\r\nLast-Modified: Fri, 20 Nov 2026 09:47:12 GMT\r\nConnection: "
    "keep-alive\r\nETag: \"69abcdef-264\"\r\nAccept-Ranges: bytes\r\n\r\nHello world\n";

void small_exchanges(benchmark::State& state) {
    Wire wire;
    for (auto _ : state) {
        wire.send(kRequest);
        wire.receive(kResponse);
    }
    state.SetItemsProcessed(state.iterations());
    state.SetBytesProcessed(state.iterations() *
                            static_cast<std::int64_t>(kRequest.size() + kResponse.size()));
    if (wire.complete() != static_cast<std::uint64_t>(state.iterations())) {
        state.SkipWithError("not every exchange was seen");
    }
}
BENCHMARK(small_exchanges);

/// Written as JSON lines to nowhere.
void json(benchmark::State& state) {
    class Nowhere final : public OutputStream {
      public:
        void write(ByteView bytes) override { size += bytes.size(); }
        Result<void> flush() override { return {}; }
        std::uint64_t size = 0;
    } nowhere;
    JsonSink sink(nowhere);
    ConnectionTable table(sink);
    const ConnectionId id{1, 1, 1, 1};
    table.on_event(OpenEvent{id, {}, Carrier::tls, false, {}});
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    for (auto _ : state) {
        table.on_event(DataEvent{id, {}, 1, Direction::sent, sent, kRequest});
        table.on_event(DataEvent{id, {}, 1, Direction::received, received, kResponse});
        sent += kRequest.size();
        received += kResponse.size();
    }
    state.SetItemsProcessed(state.iterations());
    state.SetBytesProcessed(static_cast<std::int64_t>(sent + received));
    state.counters["json_bytes"] =
        benchmark::Counter(static_cast<double>(nowhere.size), benchmark::Counter::kIsRate);
}
BENCHMARK(json);

/// A new connection for each exchange: detection included.
void short_connections(benchmark::State& state) {
    CountingSink sink;
    ConnectionTable table(sink);
    ConnectionId id{1, 1, 1, 0};
    for (auto _ : state) {
        ++id.generation;
        table.on_event(OpenEvent{id, {}, Carrier::tls, false, {}});
        table.on_event(DataEvent{id, {}, 1, Direction::sent, 0, kRequest});
        table.on_event(DataEvent{id, {}, 1, Direction::received, 0, kResponse});
        table.on_event(CloseEvent{id, {}, CloseReason::shutdown});
    }
    state.SetItemsProcessed(state.iterations());
    if (sink.complete != static_cast<std::uint64_t>(state.iterations())) {
        state.SkipWithError("not every exchange was seen");
    }
}
BENCHMARK(short_connections);

/// Bodies of 1 GiB in calls of `range` bytes.
void large_body(benchmark::State& state) {
    const std::string call(static_cast<std::size_t>(state.range(0)), 'x');
    Wire wire;
    std::uint64_t left = 0;
    for (auto _ : state) {
        if (left == 0) {
            left = 1 << 30;
            wire.send(kRequest);
            wire.receive("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
        }
        wire.receive(call);
        left -= call.size();
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(large_body)->Arg(4096)->Arg(16384)->Arg(65536);

void chunked_body(benchmark::State& state) {
    std::string call = "4000\r\n";
    call.append(0x4000, 'x').append("\r\n");
    Wire wire;
    wire.send(kRequest);
    wire.receive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (auto _ : state) {
        wire.receive(call);
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(call.size()));
}
BENCHMARK(chunked_body);

/// Looking for the next message after a gap.
void lost(benchmark::State& state) {
    const std::string call(16384, 'x');
    Wire wire;
    wire.send(kRequest);
    wire.receive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno chunk");
    for (auto _ : state) {
        wire.receive(call);
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(call.size()));
}
BENCHMARK(lost);

}  // namespace
