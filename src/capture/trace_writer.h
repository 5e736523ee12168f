#pragma once

#include <functional>

#include "base/output_stream.h"
#include "capture/origin.h"
#include "capture/trace_format.h"
#include "model/event.h"

namespace sslsniff {

/// Records events as text (docs/trace_format.md), so that TraceReader gives back the same ones. What is
/// written is printable ASCII whatever the octets. Errors surface at `out`'s flush().
class TraceWriter final : public EventConsumer {
  public:
    /// Writes the first line. `origin` is asked when the first event comes: sources may know no earlier; it
    /// may be empty. `out` must outlive the writer.
    explicit TraceWriter(OutputStream& out, std::function<Origin()> origin = {});
    void on_event(const CaptureEvent& event) override;

  private:
    void write(const Origin& origin);
    void write(const ProcessEvent& event);
    void write(const OpenEvent& event);
    void write(const EndpointsEvent& event);
    void write(const TlsEvent& event);
    void write(const DataEvent& event);
    void write(const GapEvent& event);
    void write(const CloseEvent& event);
    void write(const LossEvent& event);

    void begin(std::string_view kind, Timestamp time);
    void begin(std::string_view kind, Timestamp time, const ConnectionId& connection);
    void word(std::string_view word);
    void number(std::string_view key, std::uint64_t value);
    void quoted(std::string_view key, ByteView octets);
    void endpoint(std::string_view key, const Endpoint& endpoint);
    void payload(ByteView octets);

    OutputStream& out_;
    std::function<Origin()> origin_;  ///< empty when it was written
    Bytes buffer_;                    ///< the lines of the event being written
};

}  // namespace sslsniff
