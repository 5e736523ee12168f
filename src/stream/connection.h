#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "model/transaction.h"
#include "protocols/protocol.h"
#include "stream/byte_stream.h"
#include "stream/detection.h"
#include "stream/stream_limits.h"

namespace sslsniff {

/// One connection: puts its octets in order, finds out its protocol, and passes on what the protocol's parser
/// makes of them. While the protocol is unknown every chunk may start detection afresh, so a connection
/// joined anywhere is understood from the next message on.
class Connection final : private ParserHost {
  public:
    Connection(ConnectionInfo info, const StreamLimits& limits, TransactionSink& sink);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    const ConnectionInfo& info() const { return info_; }
    void set_remote_name(std::string name) { info_.remote_name = std::move(name); }
    void set_process(std::shared_ptr<const ProcessInfo> process) { info_.process = std::move(process); }

    void on_data(const DataEvent& event);
    void on_gap(const GapEvent& event);
    void on_endpoints(const EndpointsEvent& event);
    void on_tls(const TlsEvent& event);
    /// Emits what is unfinished and the connection's record. Nothing may follow.
    void close(CloseReason reason, Timestamp time);

    std::uint64_t transactions() const { return transactions_; }
    const StreamTotals& totals(Direction direction) const {
        return streams_[static_cast<std::size_t>(direction)].totals();
    }

  private:
    void emit(Timing timing, Integrity integrity, std::unique_ptr<Exchange> exchange) override;
    void set_role(Role role) override;
    void become(std::unique_ptr<ProtocolParser> parser, ByteView rest_sent, ByteView rest_received) override;
    const ConnectionInfo& connection() const override { return info_; }

    ByteStream& stream(Direction direction) { return streams_[static_cast<std::size_t>(direction)]; }
    void deliver(Direction direction, ByteView bytes, Timestamp time);
    void deliver_gap(Direction direction, std::uint64_t bytes, Timestamp time);
    void parse(Direction direction, ByteView bytes, Timestamp time);
    void detect(Direction direction, ByteView bytes, Timestamp time);
    Verdict ask(Direction direction, ByteView latest, const Protocol*& found) const;
    void start(const Protocol& protocol, Timestamp time);
    void restart_detection();
    void drop_buffer();
    void forget_buffer();
    bool is_late() const { return joined_ || dropped_[0] != 0 || dropped_[1] != 0; }
    void on_rejected();
    void replay(const DetectionBuffer& buffer);
    void switch_parser(Timestamp time);

    ConnectionInfo info_;
    const StreamLimits& limits_;
    TransactionSink& sink_;
    std::array<ByteStream, 2> streams_;
    bool role_from_traffic_ = false;
    std::uint64_t transactions_ = 0;
    std::string protocol_;  ///< for the record

    std::unique_ptr<ProtocolParser> parser_;  ///< null while detecting
    DetectionBuffer buffer_;                  ///< what the parser would have to give back if it rejects
    bool replayable_ = true;                  ///< buffer_ holds all since detection began
    bool joined_;                             ///< the beginning passed before the capture began
    std::array<std::uint64_t, 2> dropped_{};  ///< octets of each direction that nobody understood
    std::vector<bool> rejected_;              ///< rows of protocols() that were tried in vain
    std::size_t next_attempt_ = 0;            ///< octets buffered when the protocols are asked again
    Direction last_direction_ = Direction::sent;

    bool switching_ = false;  ///< become() was called
    std::unique_ptr<ProtocolParser> successor_;
    Bytes rest_sent_;
    Bytes rest_received_;
};

}  // namespace sslsniff
