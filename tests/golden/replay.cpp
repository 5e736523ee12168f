#include "replay.h"

#include <array>
#include <chrono>

#include "base/input_stream.h"
#include "capture/trace/trace_reader.h"
#include "output/json/json_sink.h"
#include "output/text/summary_text.h"
#include "output/text/text_sink.h"
#include "output/trace/trace_writer.h"
#include "stream/connection_table.h"

namespace sslsniff::test {
namespace {

/// The text sink, times in UTC.
template <int kVerbosity, bool kHex>
std::unique_ptr<TransactionSink> text(OutputStream& out) {
    return std::make_unique<TextSink>(
        out,
        TextOptions{.verbosity = kVerbosity, .hex = kHex, .color = false, .utc_offset = {}, .columns = {}});
}

std::unique_ptr<TransactionSink> json(OutputStream& out) {
    return std::make_unique<JsonSink>(out);
}

constexpr std::array<Variant, 4> kVariants{{{"txt", true, text<0, false>},
                                            {"vv.txt", true, text<2, false>},
                                            {"x.txt", false, text<0, true>},
                                            {"jsonl", true, json}}};

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

Replayed replay(const Bytes& trace, const Variant& variant) {
    MemoryOutputStream out;
    const auto sink = variant.make_sink(out);
    ConnectionTable table(*sink);
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
    result.output = out.bytes();
    if (variant.suffix.ends_with("txt")) {
        result.output += summary_text(table.summary());
    }
    result.trace = recorded.bytes();
    return result;
}

}  // namespace sslsniff::test
