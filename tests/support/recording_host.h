#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "protocols/protocol.h"
#include "support/conversation.h"

namespace sslsniff::test {

/// A connection for one parser alone, without streams and detection; keeps what the parser emits.
class RecordingHost : public ParserHost {
  public:
    struct Emitted {
        Timing timing;
        Integrity integrity;
        std::unique_ptr<Exchange> exchange;
    };
    using Create = std::unique_ptr<ProtocolParser> (*)(ParserHost&, const ParserLimits&);

    RecordingHost();
    void emit(Timing timing, Integrity integrity, std::unique_ptr<Exchange> exchange) override;
    void set_role(Role role) override { info.role = role; }
    void set_tunnel(Tunnel tunnel) override {
        info.tunnel = std::make_shared<const Tunnel>(std::move(tunnel));
    }
    void become(std::unique_ptr<ProtocolParser>, ByteView, ByteView) override {}
    void begin_tls(std::shared_ptr<const ParserSession>, ByteView, ByteView) override {}
    const ConnectionInfo& connection() const override { return info; }

    /// Feeds `conversation` one millisecond apart to a new parser and finishes it. False when it was
    /// rejected. With `known_gaps` the parser is told how much is missing.
    bool run(Create create, const Conversation& conversation, const ParserLimits& limits = {},
             bool known_gaps = true);

    /// One line each: "REQUEST -> RESPONSE", then " !REASON" when not complete.
    std::vector<std::string> lines() const;
    std::string fields(std::size_t index) const { return render_fields(*emitted.at(index).exchange); }
    std::string details(std::size_t index) const { return render_details(*emitted.at(index).exchange); }
    /// Lines, fields and details of all exchanges, one behind the other.
    std::string everything() const;

    ConnectionInfo info;
    std::vector<Emitted> emitted;
};

/// A conversation as a client has it, and the lines it must come out as.
struct ParserExample {
    Conversation conversation;
    std::vector<std::string> lines;
};

/// Expects the lines whole, byte by byte, split in two anywhere, and from the server's side.
void expect_however_cut(RecordingHost::Create create, const ParserExample& example);

/// What may be said beside an example's lines, since what it depends on was not seen; null: nothing.
using MaySay = bool (*)(const std::string& line);

/// Loses each run of `sizes` bytes, with its size known and not. Expects that every line without a mark ("
/// !") is one of the example's, or one that it may say, and that a quarter of all
/// lines is said without a mark at least.
void expect_no_inventions(RecordingHost::Create create, const ParserExample& example,
                          std::initializer_list<std::size_t> sizes, MaySay may_say = nullptr);

/// Begins at each message but the last `left_out` ones, as the client. Expects that something is said, and no
/// inventions.
void expect_joins(RecordingHost::Create create, const ParserExample& example, std::size_t left_out = 0,
                  MaySay may_say = nullptr);

}  // namespace sslsniff::test
