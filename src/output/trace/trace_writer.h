#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/output_stream.h"
#include "capture/origin.h"
#include "capture/trace/trace_format.h"
#include "model/event.h"
#include "output/file_output.h"

namespace sslsniff {

/// Records events as text (docs/trace_format.md), so that TraceReader gives back the same ones. What is
/// written is printable ASCII whatever the bytes. Errors surface at `out`'s flush().
///
/// Each file of a row stands for itself: what is open when it begins is described again, as joined midstream,
/// and positions count from there.
class TraceWriter final : public EventFormat {
  public:
    /// Writes the first line. `origin` is asked when the first event comes: sources may know no earlier; it
    /// may be empty. `out` must outlive the writer.
    explicit TraceWriter(OutputStream& out, std::function<Origin()> origin = {});
    void on_event(const CaptureEvent& event) override;
    void end_file() override {}
    void begin_file() override;

  private:
    /// What a next file has to say of a connection that is open.
    struct Known {
        std::optional<OpenEvent> open;
        std::optional<EndpointsEvent> endpoints;
        std::vector<TlsEvent> tls;              ///< each may tell something else
        std::array<std::uint64_t, 2> starts{};  ///< positions where this file begins
        std::array<std::uint64_t, 2> ends{};    ///< and how far it is
    };
    /// None when there are too many.
    Known* known(const ConnectionId& connection);
    void note(const ProcessEvent& event);
    void note(const OpenEvent& event);
    void note(const EndpointsEvent& event);
    void note(const TlsEvent& event);
    void note(const DataEvent& event);
    void note(const GapEvent& event);
    void note(const CloseEvent& event);
    void note(const LossEvent& /*event*/) {}
    /// Of a position in the connection's stream: where it is in this file's.
    std::uint64_t place(const ConnectionId& connection, Direction direction, std::uint64_t position) const;

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
    void quoted(std::string_view key, ByteView bytes);
    void endpoint(std::string_view key, const Endpoint& endpoint);
    void payload(ByteView bytes);

    OutputStream& out_;
    std::function<Origin()> origin_;
    bool origin_is_due_ = true;
    std::map<ProcessKey, ProcessEvent> processes_;
    std::map<ConnectionId, Known> connections_;
    Bytes buffer_;  ///< the lines of the event being written
};

}  // namespace sslsniff
