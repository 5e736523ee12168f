#include "capture/trace/trace_reader.h"

#include <fmt/format.h>

#include <utility>

#include "base/number.h"
#include "base/text.h"

namespace sslsniff {
namespace {

/// No call hands out more at once: twice the largest record of the kernel's ring.
constexpr std::size_t kMaxPayload = std::size_t{32} << 20;

/// Recordings give all positions, hand-written traces have few connections: forgetting some is harmless.
constexpr std::size_t kMaxConnections = 65536;

struct Version {
    unsigned major = 0;
    unsigned minor = 0;
};

/// Of a first line "sslsniff-trace 1.0".
std::optional<Version> parse_version(std::string_view line) {
    if (!line.starts_with(kTraceMagic)) {
        return std::nullopt;
    }
    line.remove_prefix(kTraceMagic.size());
    const auto dot = line.find('.');
    if (!line.starts_with(' ') || dot == std::string_view::npos) {
        return std::nullopt;
    }
    const auto major = parse_number<unsigned>(line.substr(1, dot - 1));
    const auto minor = parse_number<unsigned>(line.substr(dot + 1));
    return major && minor ? std::optional(Version{*major, *minor}) : std::nullopt;
}

}  // namespace

TraceReader::TraceReader(std::unique_ptr<InputStream> input) : input_(std::move(input)) {}

Result<std::unique_ptr<TraceReader>> TraceReader::open(std::unique_ptr<InputStream> input) {
    auto reader = std::make_unique<TraceReader>(std::move(input));
    if (auto read = reader->read_first_line(); !read) {
        return std::unexpected(read.error());
    }
    return reader;
}

Result<void> TraceReader::read_first_line() {
    has_lines_ = true;
    bool more = true;
    while (more) {
        const auto filled = lines_.fill(*input_);
        if (!filled) {
            return std::unexpected(filled.error());
        }
        more = *filled;
        if (const auto line = lines_.next()) {
            return on_first_line(*line);
        }
    }
    return fail_empty();
}

Result<PollStatus> TraceReader::poll(EventConsumer& consumer) {
    if (ended_) {
        return PollStatus::ended;
    }
    const bool has_lines = std::exchange(has_lines_, false);
    if (!has_lines && !input_->is_readable()) {
        return PollStatus::idle;
    }
    ended_ = true;  // unless all goes well
    const auto more = has_lines ? Result<bool>(true) : lines_.fill(*input_);
    if (!more) {
        return std::unexpected(more.error());
    }
    while (const auto line = lines_.next()) {
        if (const auto result = on_line(*line, consumer); !result) {
            return std::unexpected(result.error());
        }
    }
    if (*more) {
        ended_ = false;
        return PollStatus::more;
    }
    if (const auto result = on_end(consumer); !result) {
        return std::unexpected(result.error());
    }
    return PollStatus::ended;
}

Result<void> TraceReader::on_line(ByteView line, EventConsumer& consumer) {
    if (!started_) {
        return on_first_line(line);
    }
    if (line.starts_with('|')) {
        return on_payload(line.substr(1), consumer);
    }
    if (line.find_first_not_of(' ') == ByteView::npos || line.starts_with('#')) {
        return {};
    }
    if (const auto result = deliver_data(consumer); !result) {
        return result;
    }
    if (line.starts_with("capture ") || line == "capture") {
        auto origin = parser_.parse_origin(line);
        if (!origin) {
            return fail_here(origin.error().message);
        }
        origin_ = *std::move(origin);
        return {};
    }
    auto parsed = parser_.parse(line);
    if (!parsed) {
        return fail_here(parsed.error().message);
    }
    skip_payload_ = !*parsed;
    if (skip_payload_) {
        return {};
    }
    if (!std::holds_alternative<DataEvent>((*parsed)->event)) {
        deliver(**parsed, consumer);
        return {};
    }
    data_ = std::move(*parsed);
    payload_.clear();
    return data_->payload_size == 0 ? deliver_data(consumer) : Result<void>();
}

Result<void> TraceReader::on_first_line(ByteView line) {
    const auto version = parse_version(line);
    if (!version) {
        const bool is_json = line.starts_with('{');
        return fail(
            ErrorKind::input,
            fmt::format(
                "{} is not a recording that sslsniff can read: pcap, pcapng or a trace (first line "
                "\"{} {}.{}\"), compressed or not{}",
                printable(input_->name()), kTraceMagic, kTraceMajor, kTraceMinor,
                is_json ? "; JSON and HAR cannot be read back: record with -o trace:FILE or -w FILE" : ""));
    }
    if (version->major != kTraceMajor) {
        return fail(ErrorKind::input,
                    fmt::format("{} is a trace of version {}.{}, which needs another release of sslsniff: "
                                "this one reads version {}",
                                printable(input_->name()), version->major, version->minor, kTraceMajor));
    }
    parser_ = TraceLineParser(version->minor > kTraceMinor);
    started_ = true;
    return {};
}

Result<void> TraceReader::on_payload(ByteView line, EventConsumer& consumer) {
    if (skip_payload_) {
        return {};
    }
    if (!data_) {
        return fail_here("a payload line must follow a data line");
    }
    if (!append_unescaped(payload_, line)) {
        return fail_here("malformed escape; \\\\, \\r, \\n, \\t and \\xNN are allowed");
    }
    if (payload_.size() > data_->payload_size.value_or(kMaxPayload) || payload_.size() > kMaxPayload) {
        return fail_here(
            fmt::format("the payload is longer than {} bytes", data_->payload_size.value_or(kMaxPayload)));
    }
    return payload_.size() == data_->payload_size ? deliver_data(consumer) : Result<void>();
}

Result<void> TraceReader::deliver_data(EventConsumer& consumer) {
    if (!data_) {
        return {};
    }
    if (data_->payload_size.value_or(payload_.size()) != payload_.size()) {
        return fail_here(fmt::format("the payload before has {} bytes, its data line announces {}",
                                     payload_.size(), *data_->payload_size));
    }
    std::get<DataEvent>(data_->event).bytes = payload_;
    deliver(*data_, consumer);
    data_.reset();
    return {};
}

template <class Event>
void TraceReader::place(Event& event, std::uint64_t size, bool positioned) {
    if (ends_.size() >= kMaxConnections) {
        ends_.clear();
    }
    std::uint64_t& end = ends_[event.connection][event.direction == Direction::sent ? 0 : 1];
    if (!positioned) {
        event.position = end;
    }
    end = event.position + size;
}

void TraceReader::deliver(TraceLine& line, EventConsumer& consumer) {
    if (auto* data = std::get_if<DataEvent>(&line.event)) {
        place(*data, data->bytes.size(), line.positioned);
    } else if (auto* gap = std::get_if<GapEvent>(&line.event)) {
        place(*gap, gap->bytes, line.positioned);
    } else if (const auto* close = std::get_if<CloseEvent>(&line.event)) {
        ends_.erase(close->connection);
    }
    consumer.on_event(line.event);
}

std::vector<std::string> TraceReader::remarks() const {
    if (skipped() == 0) {
        return {};
    }
    return {fmt::format("{} skipped: a newer sslsniff has written this trace",
                        skipped() == 1 ? "1 line, field or value was"
                                       : fmt::format("{} lines, fields or values were", skipped()))};
}

std::unexpected<Error> TraceReader::fail_empty() const {
    return fail(ErrorKind::input,
                fmt::format("{} is empty: a trace begins with \"{} {}.{}\"", printable(input_->name()),
                            kTraceMagic, kTraceMajor, kTraceMinor));
}

Result<void> TraceReader::on_end(EventConsumer& consumer) {
    if (!started_) {
        return fail_empty();
    }
    const std::uint64_t announced = data_ ? data_->payload_size.value_or(payload_.size()) : 0;
    if (data_) {
        data_->payload_size.reset();
    }
    const auto result = deliver_data(consumer);
    if (announced > payload_.size()) {
        return fail_here(fmt::format("the trace was cut off: {} of {} bytes of the last payload are there",
                                     payload_.size(), announced));
    }
    return result;
}

std::unexpected<Error> TraceReader::fail_here(std::string_view what) const {
    return fail(ErrorKind::input, fmt::format("cannot read {}: line {}: {}", printable(input_->name()),
                                              lines_.line_number(), what));
}

}  // namespace sslsniff
