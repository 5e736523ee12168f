#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/transaction.h"
#include "protocols/protocol.h"
#include "stream/byte_stream.h"
#include "stream/caller_log.h"
#include "stream/detection.h"
#include "stream/process_causes.h"
#include "stream/protocol_search.h"
#include "stream/stream_limits.h"
#include "stream/tentative_exchanges.h"

namespace sslsniff {

/// One connection: puts its bytes in order, finds out its protocol, and passes on what the protocol's parser
/// makes of them. A connection joined anywhere is understood from the next message on; what is only likely
/// its protocol shows nothing before two exchanges agree, and loses it when what follows is something else.
class Connection final : private ParserHost {
  public:
    /// `causes`: of its process; null: nobody knows whose it is.
    Connection(ConnectionInfo info, const StreamLimits& limits, TransactionSink& sink,
               std::shared_ptr<ProcessCauses> causes = nullptr);
    ~Connection() override;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    const ConnectionInfo& info() const { return info_; }
    void set_remote_name(std::string name);
    void set_other_end(OtherEnd other);
    /// `session`: of the part before, for the parser of this one; may be null.
    void set_continues(const ConnectionId& former, std::shared_ptr<const Tunnel> tunnel,
                       std::shared_ptr<const ParserSession> session);
    /// What its parser hands over to the TLS connection on the same socket; may be null.
    std::shared_ptr<const ParserSession> session() const { return session_for_tls_; }
    void set_process(std::shared_ptr<const ProcessInfo> process);

    void on_data(const DataEvent& event);
    void on_gap(const GapEvent& event);
    void on_endpoints(const EndpointsEvent& event);
    void on_tls(const TlsEvent& event);
    /// See ProtocolParser.
    std::optional<Timestamp> wakes_at() const { return parser_ ? parser_->wakes_at() : std::nullopt; }
    void wake(Timestamp now);
    /// Emits what is unfinished and the connection's record. Nothing may follow.
    void close(CloseReason reason, Timestamp time);

    /// Bytes of memory that it needs by now, itself included. Costs a few additions.
    std::size_t held() const;
    /// Gives up what can be spared, the oldest first, until `bytes` less are held or nothing is left. Returns
    /// how many exchanges lost something, what is held of an unknown protocol being one.
    std::uint64_t give_up(std::size_t bytes);

    /// As far as it is known by now.
    OpenConnection state() const {
        return tentative_ ? OpenConnection{info_, {}, protocol_} : OpenConnection{info_, protocol_};
    }
    /// Counts what changed state().
    std::uint64_t changes() const { return changes_; }

    std::uint64_t transactions() const { return transactions_; }
    const StreamTotals& totals(Direction direction) const {
        return streams_[static_cast<std::size_t>(direction)].totals();
    }

  private:
    void emit(Timing timing, Integrity integrity, std::unique_ptr<Exchange> exchange) override;
    void set_role(Role role) override;
    void set_tunnel(Tunnel tunnel) override;
    void become(std::unique_ptr<ProtocolParser> parser, ByteView rest_sent, ByteView rest_received) override;
    void begin_tls(std::shared_ptr<const ParserSession> session, ByteView rest_sent,
                   ByteView rest_received) override;
    std::uint64_t begin_request(Timestamp time, const TraceIds& ids) override;
    void end_answer(std::uint64_t request_number) override;
    Call call() const override { return call_; }
    const ConnectionInfo& connection() const override { return info_; }
    ByteView not_understood(Direction direction) const override;

    ByteStream& stream(Direction direction) { return streams_[static_cast<std::size_t>(direction)]; }
    void deliver(Direction direction, ByteView bytes, Timestamp time);
    void deliver_gap(Direction direction, std::uint64_t bytes, Timestamp time);
    void parse(Direction direction, ByteView bytes, Timestamp time);
    void detect(Direction direction, ByteView bytes, Timestamp time);
    void start(const Protocol& protocol, bool likely, Timestamp time);
    void resume(const ParserSession& session, Timestamp time);
    void begin_parsing(Timestamp time);
    void forget_buffer();
    void withdraw(bool refused, Timestamp time);
    void show_tentative();
    void drop_tentative();
    void replay(const DetectionBuffer& buffer);
    void switch_parser(Timestamp time);
    void measure_info();
    void note_caller(const DataEvent& event);
    void set_silent(bool silent);
    void note_cause(Transaction& transaction);
    void forget_requests();

    ConnectionInfo info_;
    const StreamLimits& limits_;
    TransactionSink& sink_;
    std::array<ByteStream, 2> streams_;
    bool role_from_traffic_ = false;
    std::uint64_t transactions_ = 0;
    Call call_;            ///< of the bytes on their way
    Timestamp called_at_;  ///< when the latest call with bytes returned
    Direction called_for_ = Direction::sent;
    std::shared_ptr<ProcessCauses> causes_;  ///< may be null
    CallerLog callers_;                      ///< of a client
    Timestamp now_;                          ///< of the latest event
    Timestamp fed_at_;                       ///< when the bytes on their way passed
    Direction fed_ = Direction::sent;        ///< and where
    std::uint64_t requests_ = 0;             ///< numbers given out
    std::size_t in_progress_ = 0;            ///< requests that causes_ was told of
    std::uint32_t reader_ = 0;               ///< the thread that read the latest of them
    bool silent_ = false;                    ///< as causes_ was told
    bool has_begun_requests_ = false;
    std::uint64_t changes_ = 0;
    std::string protocol_;       ///< for the record
    std::size_t info_held_ = 0;  ///< bytes of memory that info_ holds outside of itself

    ProtocolSearch search_;                   ///< while there is no parser
    std::unique_ptr<ProtocolParser> parser_;  ///< null while detecting
    const Protocol* row_ = nullptr;           ///< the parser's; null when another parser made it
    DetectionBuffer buffer_;                  ///< what the parser would have to give back if it rejects
    bool replayable_ = true;                  ///< buffer_ holds all since the search began
    unsigned strange_ = 0;                    ///< times in a row that what came was not the protocol
    std::unique_ptr<TentativeExchanges> tentative_;  ///< the protocol is only likely

    bool switching_ = false;  ///< become() was called
    bool switched_ = false;   ///< it was, and another protocol began
    std::unique_ptr<ProtocolParser> successor_;
    std::shared_ptr<const ParserSession> session_;          ///< of the part before, until a parser took it
    std::shared_ptr<const ParserSession> session_for_tls_;  ///< for the part behind
    Bytes rest_sent_;
    Bytes rest_received_;
};

}  // namespace sslsniff
