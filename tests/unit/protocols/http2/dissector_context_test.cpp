#include "protocols/http2/dissector_context.h"

#include <gtest/gtest.h>

#include "protocols/http2/connection.h"
#include "unit/protocols/hpack/hpack_support.h"
#include "unit/protocols/http2/http2_support.h"

namespace sslsniff::http2 {
namespace {

/// Lists the header sections both directions carry, those of made-up frames excepted.
class Sections final : private HalfListener {
  public:
    void feed(Direction direction, ByteView bytes) {
        (direction == Direction::sent ? sent_ : received_).feed(bytes, {});
    }
    std::vector<std::string> lines;

  private:
    void on_preface(Direction) override {}
    void on_headers(Direction direction, HeaderSection&& section, Timestamp) override {
        std::string line = std::string(to_string(direction)) + " " + std::to_string(section.stream);
        for (const hpack::Field& field : section.block.fields) {
            line +=
                " " + (field.name_known ? field.name : "?") + "=" + (field.value_known ? field.value : "?");
        }
        lines.push_back(line + (section.block.damaged ? " damaged" : ""));
    }
    void on_data(Direction direction, const DataPiece& piece, Timestamp) override {
        if (piece.end_stream) {
            lines.push_back(std::string(to_string(direction)) + " end " + std::to_string(piece.stream));
        }
    }
    void on_reset(Direction, std::uint32_t, std::optional<std::uint32_t>, Timestamp) override {}
    void on_goaway(Direction, std::uint32_t, std::uint32_t, Timestamp) override {}
    void on_lost(Direction, Timestamp) override {}

    HalfConnection sent_{*this, Direction::sent, 100'000};
    HalfConnection received_{*this, Direction::received, 100'000};
};

TEST(Http2DissectorContext, ADissectorMayBeginAnywhere) {
    for (const unsigned seed : {1U, 2U, 3U}) {
        const Traffic traffic = cut(converse(seed, 12).traffic, 61);
        for (std::size_t at = 0; at < traffic.size(); ++at) {
            DissectorContext later(Direction::sent, true);
            Sections dissector;
            Sections before;
            for (std::size_t i = 0; i < at; ++i) {
                EXPECT_EQ(later.before(traffic[i].direction, traffic[i].bytes), "");
                before.feed(traffic[i].direction, traffic[i].bytes);
            }
            const auto beginning = later.begin();
            EXPECT_EQ(beginning.pieces.empty(), at == 0);
            EXPECT_TRUE(at == 0 || beginning.is_exact);
            for (const auto& piece : beginning.pieces) {
                dissector.feed(piece.direction, piece.bytes);
                if (piece.for_dissectors) {  // what the streams carry, again
                    dissector.lines.clear();
                }
            }
            const std::size_t known = before.lines.size();
            for (std::size_t i = at; i < traffic.size(); ++i) {
                EXPECT_EQ(later.before(traffic[i].direction, traffic[i].bytes), "");
                dissector.feed(traffic[i].direction, traffic[i].bytes);
                before.feed(traffic[i].direction, traffic[i].bytes);
            }
            const std::vector<std::string> expected(before.lines.begin() + static_cast<std::ptrdiff_t>(known),
                                                    before.lines.end());
            ASSERT_EQ(dissector.lines, expected) << "seed " << seed << " from chunk " << at;
        }
    }
}

// GET https://www.example.com/
constexpr std::string_view kGet =
    "\x82\x87\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff";  // inserts :authority
constexpr std::string_view kAgain = "\x82\x87\x84\xbe";                      // refers to it
constexpr std::string_view kOld = "\x82\x87\x84\xc0";                        // refers to what nobody saw

TEST(Http2DissectorContext, PlaceholdersStandForWhatPassedUnseen) {
    DissectorContext context(Direction::sent, false);
    const auto beginning = context.begin();
    EXPECT_FALSE(beginning.is_exact);
    Sections dissector;
    for (const auto& piece : beginning.pieces) {
        dissector.feed(piece.direction, piece.bytes);
    }
    // Bytes of which nobody knows what they are go into a frame of their own.
    const std::string rest = "the rest of a body";
    const Bytes wrapper = context.before(Direction::sent, rest);
    ASSERT_EQ(wrapper.size(), kFrameHeaderSize);
    EXPECT_EQ(parse_frame_header(wrapper).length, rest.size());
    // What begins a frame is understood at once, with the table filled up.
    const std::string request = frame(1, 5, 7, kGet) + frame(1, 5, 9, kAgain) + frame(1, 5, 11, kOld);
    dissector.feed(Direction::sent, context.before(Direction::sent, request));
    dissector.feed(Direction::sent, request);
    const std::string get = " :method=GET :scheme=https :path=/ ";
    EXPECT_EQ(dissector.lines, (std::vector<std::string>{"sent 7" + get + ":authority=www.example.com",
                                                         "sent 9" + get + ":authority=www.example.com",
                                                         "sent 11" + get + "sslsniff-unknown=not captured"}));
}

TEST(Http2DissectorContext, ZerosFitIntoDataOnly) {
    DissectorContext context(Direction::sent, true);
    context.before(Direction::sent, std::string(kPreface) + frame(4, 0, 0, ""));
    context.before(Direction::sent, frame(0, 0, 1, std::string(1000, 'x')).substr(0, 500));
    EXPECT_TRUE(context.skip(Direction::sent, 100));
    EXPECT_FALSE(context.skip(Direction::sent, 10'000));
}

TEST(Http2DissectorContext, WhatIsLeftOfAFrameTooLargeToKeepIsReadAsLost) {
    DissectorContext context(Direction::sent, true);
    const std::string block(300'000, '\0');
    const std::string request = frame(1, 5, 1, block);
    context.before(Direction::sent, std::string(kPreface) + request.substr(0, 290'000));
    RecordingHost host;
    Connection parser(host, {});
    for (const auto& piece : context.begin().pieces) {
        EXPECT_EQ(parser.feed(piece.direction, piece.bytes, {}), ProtocolParser::Status::ok);
    }
    const std::string rest = request.substr(290'000);
    EXPECT_EQ(context.before(Direction::sent, rest), "");
    EXPECT_EQ(parser.feed(Direction::sent, rest, {}), ProtocolParser::Status::ok);
    parser.feed(Direction::sent, frame(1, 5, 3, kGet), {});
    parser.feed(Direction::received, frame(1, 5, 3, hpack::unhex("88")), {});
    EXPECT_NE(host.text().find("GET https://www.example.com/ -> 200"), std::string::npos) << host.text();
}

/// A literal field without indexing.
std::string field(std::string_view name, std::string_view value) {
    return std::string(1, '\0') + static_cast<char>(name.size()) + std::string(name) +
           static_cast<char>(value.size()) + std::string(value);
}

/// What a dissector is told of the streams that are open.
std::vector<std::string> reopened(DissectorContext& context) {
    Sections dissector;
    for (const auto& piece : context.begin().pieces) {
        if (piece.for_dissectors) {
            dissector.feed(piece.direction, piece.bytes);
        }
    }
    return dissector.lines;
}

TEST(Http2DissectorContext, OpenStreamsAreOpenedAgain) {
    const std::string made_up = " sslsniff-made-up=not traffic: the stream began before";
    DissectorContext context(Direction::sent, true);
    const std::string call = field(":method", "POST") + field(":path", "/S/M") +
                             field("content-type", "application/grpc") + field("cookie", "secret");
    context.before(Direction::sent, std::string(kPreface) + frame(4, 0, 0, "") + frame(1, 4, 1, call) +
                                        frame(1, 5, 3, kGet) + frame(1, 5, 5, kGet));
    EXPECT_EQ(reopened(context),
              (std::vector<std::string>{
                  "sent 1 :method=POST :path=/S/M content-type=application/grpc" + made_up,
                  "sent 3 :method=GET :scheme=https :authority=www.example.com :path=/" + made_up,
                  "sent 5 :method=GET :scheme=https :authority=www.example.com :path=/" + made_up}));
    // One was reset, the other one answered: 100 does not count, and what was answered to the end is over.
    const std::string head = field(":status", "200") + field("content-type", "application/grpc");
    context.before(Direction::received, frame(1, 4, 1, field(":status", "100")) + frame(1, 4, 1, head) +
                                            frame(1, 5, 3, field(":status", "200")) +
                                            frame(3, 0, 5, std::string(4, '\0')));
    EXPECT_EQ(reopened(context), (std::vector<std::string>{
                                     "sent 1 :method=POST :path=/S/M content-type=application/grpc" + made_up,
                                     "received 1 :status=200 content-type=application/grpc" + made_up}));
}

/// Our parser is not shown what is made up, and yet knows what goes on.
TEST(Http2DissectorContext, StreamsOfGrpcAreKnownAsSuch) {
    DissectorContext context(Direction::sent, true);
    context.before(Direction::sent, std::string(kPreface) + frame(4, 0, 0, "") +
                                        frame(1, 4, 1,
                                              field(":method", "POST") + field(":path", "/S/M") +
                                                  field("content-type", "application/grpc")));
    context.before(Direction::received, frame(4, 0, 0, ""));
    RecordingHost host;
    Connection parser(host, {});
    join(parser);
    for (const auto& piece : context.begin().pieces) {
        if (!piece.for_dissectors) {
            parser.feed(piece.direction, piece.bytes, {});
        }
    }
    parser.feed(Direction::sent, frame(0, 0, 1, "the rest"), {});
    parser.feed(Direction::received, frame(1, 5, 1, field(":status", "200")), {});
    ASSERT_EQ(host.recorded.size(), 1U) << host.text();
    EXPECT_EQ(host.recorded[0].exchange->protocol(), "grpc");
    EXPECT_EQ(host.text().find("/S/M"), std::string::npos) << host.text();
}

/// "DIRECTION LENGTH" of the messages that a dissector is told to be under way.
std::vector<std::string> messages_under_way(DissectorContext& context) {
    std::vector<std::string> found;
    for (const auto& piece : context.begin().pieces) {
        ByteView rest = piece.for_dissectors ? ByteView(piece.bytes) : ByteView();
        while (!rest.empty()) {
            const FrameHeader header = parse_frame_header(rest);
            const ByteView payload = rest.substr(kFrameHeaderSize, header.length);
            if (header.type == FrameType::data) {
                found.push_back(std::string(to_string(piece.direction)) + " " +
                                (payload.size() == 5 ? std::to_string(read_u32(payload.substr(1)))
                                                     : "cut at " + std::to_string(payload.size())));
            }
            rest.remove_prefix(kFrameHeaderSize + header.length);
        }
    }
    return found;
}

TEST(Http2DissectorContext, MessagesOfGrpcGoOn) {
    using List = std::vector<std::string>;
    DissectorContext context(Direction::sent, true);
    const std::string type = field("content-type", "application/grpc+proto");
    context.before(Direction::sent,
                   std::string(kPreface) + frame(4, 0, 0, "") +
                       frame(1, 4, 1, field(":method", "POST") + field(":path", "/S/M") + type));
    context.before(Direction::received, frame(4, 0, 0, "") + frame(1, 4, 1, field(":status", "200") + type));
    const std::string message = std::string("\0\0\0\x01\0", 5) + std::string(256, 'm');
    EXPECT_EQ(messages_under_way(context), List{});
    context.before(Direction::sent, frame(0, 0, 1, message + message.substr(0, 3)));
    EXPECT_EQ(messages_under_way(context), List{"sent cut at 3"});
    const std::string data = frame(0, 0, 1, message);
    context.before(Direction::received, data.substr(0, 9 + 5 + 100));  // within the frame, too
    EXPECT_EQ(messages_under_way(context), (List{"sent cut at 3", "received 156"}));
    EXPECT_TRUE(context.skip(Direction::received, 56));
    EXPECT_EQ(messages_under_way(context), (List{"sent cut at 3", "received 100"}));
    context.before(Direction::received, data.substr(data.size() - 100));
    EXPECT_EQ(messages_under_way(context), List{"sent cut at 3"});
    EXPECT_FALSE(context.skip(Direction::received, 10'000));  // nobody knows where messages end
    context.before(Direction::received, frame(0, 0, 1, message.substr(0, 50)));
    EXPECT_EQ(messages_under_way(context), List{"sent cut at 3"});
}

TEST(Http2DissectorContext, OurParserUnderstandsIt) {
    DissectorContext context(Direction::sent, true);
    const std::string settings = frame(4, 0, 0, "");
    context.before(Direction::sent, std::string(kPreface) + settings + frame(1, 5, 1, kGet));
    context.before(Direction::received, settings);
    RecordingHost host;
    Connection parser(host, {});
    join(parser);
    const auto beginning = context.begin();
    EXPECT_TRUE(beginning.is_exact);
    for (const auto& piece : beginning.pieces) {
        if (!piece.for_dissectors) {
            parser.feed(piece.direction, piece.bytes, {});
        }
    }
    parser.feed(Direction::received, frame(1, 5, 1, hpack::unhex("88")), {});
    parser.feed(Direction::sent, frame(1, 5, 3, kAgain), {});
    parser.feed(Direction::received, frame(1, 5, 3, hpack::unhex("88")), {});
    ASSERT_EQ(host.recorded.size(), 2U) << host.text();
    EXPECT_FALSE(host.recorded[0].integrity.complete) << host.text();
    EXPECT_NE(host.text().find("GET https://www.example.com/ -> 200"), std::string::npos) << host.text();
}

}  // namespace
}  // namespace sslsniff::http2
