#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/input_stream.h"
#include "capture/event_source.h"
#include "capture/trace/line_reader.h"
#include "capture/trace/trace_line.h"

namespace sslsniff {

/// Replays a trace (docs/trace_format.md), as it arrives: a pipe works, and memory is bounded by the largest
/// single event. Errors name the input and the line.
class TraceReader final : public EventSource {
  public:
    explicit TraceReader(std::unique_ptr<InputStream> input);
    /// Reads the first line as well, which may wait: an error when the input is not a trace that this reads.
    static Result<std::unique_ptr<TraceReader>> open(std::unique_ptr<InputStream> input);

    Result<PollStatus> poll(EventConsumer& consumer) override;
    int poll_fd() const override { return input_->poll_fd(); }

    Origin origin() const override { return origin_; }
    std::vector<std::string> remarks() const override;
    /// Lines, fields and values that only a newer version understands.
    std::uint64_t skipped() const { return parser_.skipped(); }

    /// True when a file that begins with `bytes` is a trace, of whatever version.
    static bool recognises(ByteView bytes) { return bytes.starts_with(kTraceMagic); }

  private:
    Result<void> read_first_line();
    Result<void> on_line(ByteView line, EventConsumer& consumer);
    Result<void> on_first_line(ByteView line);
    Result<void> on_payload(ByteView line, EventConsumer& consumer);
    Result<void> on_end(EventConsumer& consumer);
    /// Ends the data event whose payload lines were read, if there is one.
    Result<void> deliver_data(EventConsumer& consumer);
    /// Puts an event that does not say where it is behind the one before, and remembers where it ends.
    template <class Event>
    void place(Event& event, std::uint64_t size, bool positioned);
    void deliver(TraceLine& line, EventConsumer& consumer);
    std::unexpected<Error> fail_here(std::string_view what) const;
    std::unexpected<Error> fail_empty() const;

    std::unique_ptr<InputStream> input_;
    LineReader lines_;
    TraceLineParser parser_;
    Origin origin_;
    bool started_ = false;
    bool has_lines_ = false;  ///< read with the first one, and not looked at
    bool ended_ = false;
    std::optional<TraceLine> data_;  ///< a DataEvent whose payload is being read
    Bytes payload_;
    std::map<ConnectionId, std::array<std::uint64_t, 2>> ends_;  ///< of both streams, while open
    bool skip_payload_ = false;                                  ///< it belongs to a line that was skipped
};

}  // namespace sslsniff
