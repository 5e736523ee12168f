#include "replay.h"

#include <array>
#include <chrono>
#include <optional>
#include <random>
#include <utility>

#include "base/input_stream.h"
#include "capture/trace/trace_reader.h"
#include "output/json/json_sink.h"
#include "output/otlp/encoding.h"
#include "output/otlp/span_maker.h"
#include "output/text/summary_text.h"
#include "output/text/text_sink.h"
#include "output/trace/trace_writer.h"
#include "stream/connection_table.h"
#include "support/otlp_text.h"
#include "support/sink_output.h"

namespace sslsniff::test {
namespace {

/// The text sink, times in UTC.
template <int kVerbosity, bool kHex>
std::unique_ptr<TransactionSink> text(OutputStream& out) {
    return std::make_unique<TextSink>(
        out,
        TextOptions{.verbosity = kVerbosity, .hex = kHex, .color = false, .utc_offset = {}, .columns = {}});
}

/// Calls below what caused them.
std::unique_ptr<TransactionSink> tree(OutputStream& out) {
    return std::make_unique<TextSink>(out, TextOptions{.tree = true, .utc_offset = {}, .columns = {}});
}

std::unique_ptr<TransactionSink> json(OutputStream& out) {
    return std::make_unique<JsonSink>(out);
}

/// Spans as a collector would get them, with their resources.
class SpanSink final : public TransactionSink {
  public:
    explicit SpanSink(OutputStream& out) : out_(out) {}
    void on_transaction(const Transaction& transaction) override {
        write(*transaction.connection.process, maker_.make(transaction));
    }
    void on_connection(const ConnectionRecord& /*record*/) override {}
    void on_loss(const LossEvent& loss) override { write({}, maker_.make(loss)); }
    void on_summary(const CaptureSummary& /*summary*/) override {}

  private:
    void write(const ProcessInfo& process, const Span& span) {
        const std::string resource = resource_text(encode_resource(process, {}));
        if (std::exchange(resource_, resource) != resource) {
            out_.write("resource\n" + resource);
        }
        out_.write(span_text(span));
    }
    static SpanMaker make_maker() {
        std::seed_seq seed{1};
        return SpanMaker(SpanIds(seed));
    }
    OutputStream& out_;
    std::string resource_;  ///< the last one that was written
    SpanMaker maker_ = make_maker();
};

std::unique_ptr<TransactionSink> spans(OutputStream& out) {
    return std::make_unique<SpanSink>(out);
}

constexpr std::array<Variant, 6> kVariants{{{"txt", true, false, text<0, false>},
                                            {"vv.txt", true, true, text<2, false>},
                                            {"x.txt", false, true, text<0, true>},
                                            {"tree.txt", false, false, tree},
                                            {"jsonl", true, true, json},
                                            {"spans", true, true, spans}}};

/// Hands events on to pipeline and recorder.
class Both final : public EventConsumer {
  public:
    Both(EventConsumer& first, EventConsumer& second) : first_(first), second_(second) {}
    void on_event(const CaptureEvent& event) override {
        last_ = std::max(last_, time_of(event));
        first_.on_event(event);
        second_.on_event(event);
    }
    Timestamp last() const { return last_; }

  private:
    EventConsumer& first_;
    EventConsumer& second_;
    Timestamp last_;
};

}  // namespace

std::span<const Variant> variants() {
    return kVariants;
}

Replayed replay(const Bytes& trace, const Variant& variant, const Queue* queue) {
    MemoryOutputStream out;
    const auto sink = variant.make_sink(out);
    SinkOutput output(*sink);
    std::optional<RenderQueue> rendering;
    if (queue != nullptr && output.rendered() != nullptr) {
        rendering.emplace(queue->limits);
        rendering->add(output);
        rendering->start(queue->threads);
    }
    StreamLimits limits;
    limits.parser.fields = variant.fields;
    ConnectionTable table(rendering ? *rendering : *sink, limits);
    MemoryOutputStream recorded;
    TraceReader reader(std::make_unique<MemoryInputStream>(trace, "fixture"));
    TraceWriter recorder(recorded, [&] { return reader.origin(); });
    Both both(table, recorder);
    Replayed result;
    for (auto status = Result<PollStatus>(PollStatus::more); status && *status != PollStatus::ended;) {
        status = reader.poll(both);
        result.error = status ? "" : status.error().message;
    }
    table.finish(both.last());
    if (rendering) {
        rendering->drain();
    }
    result.output = out.bytes();
    if (variant.suffix.ends_with("txt")) {
        result.output += summary_text(table.summary());
    }
    result.trace = recorded.bytes();
    return result;
}

}  // namespace sslsniff::test
