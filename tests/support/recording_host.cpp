#include "support/recording_host.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "base/text.h"

namespace sslsniff::test {

RecordingHost::RecordingHost() {
    info.process = std::make_shared<ProcessInfo>();
    info.endpoints.transport = Transport::tcp;
}

void RecordingHost::emit(Timing timing, Integrity integrity, std::unique_ptr<Exchange> exchange) {
    emitted.push_back({timing, std::move(integrity), std::move(exchange)});
}

bool RecordingHost::run(Create create, const Conversation& conversation, const ParserLimits& limits,
                        bool known_gaps) {
    const auto parser = create(*this, limits);
    Timestamp time{};
    for (const Piece& piece : conversation) {
        time += std::chrono::milliseconds(1);
        if (!piece.captured) {
            parser->gap(piece.direction, known_gaps ? piece.bytes.size() : 0, time);
        } else if (parser->feed(piece.direction, piece.bytes, time) == ProtocolParser::Status::rejected) {
            return false;
        }
    }
    parser->finish(time);
    return true;
}

std::vector<std::string> RecordingHost::lines() const {
    std::vector<std::string> out;
    for (const Emitted& one : emitted) {
        const Summary summary = one.exchange->summary();
        out.push_back(fmt::format("{} {} {}{}{}", printable(summary.request),
                                  summary.towards_client ? "<-" : "->", printable(summary.response),
                                  one.integrity.complete ? "" : " !", one.integrity.reason));
    }
    return out;
}

std::string RecordingHost::everything() const {
    std::string all;
    for (const std::string& line : lines()) {
        all += line;
    }
    for (std::size_t i = 0; i < emitted.size(); ++i) {
        all += fields(i) + details(i);
    }
    return all;
}

void expect_however_cut(RecordingHost::Create create, const ParserExample& example) {
    const auto lines_of = [create](const Conversation& conversation) {
        RecordingHost host;
        EXPECT_TRUE(host.run(create, conversation));
        return host.lines();
    };
    EXPECT_EQ(lines_of(example.conversation), example.lines);
    EXPECT_EQ(lines_of(in_chunks(example.conversation, 1)), example.lines);
    for (std::size_t at = 1; at < size_of(example.conversation); ++at) {
        ASSERT_EQ(lines_of(split_at(example.conversation, at)), example.lines) << "split at " << at;
    }
    RecordingHost server;
    EXPECT_TRUE(server.run(create, from_other_end(example.conversation)));
    EXPECT_EQ(server.lines(), example.lines);
    EXPECT_EQ(server.info.role, Role::server);
}

namespace {

bool is_marked(const std::string& line) {
    return line.find(" !") != std::string::npos;
}

bool is_right(const ParserExample& example, MaySay may_say, const std::string& line) {
    return is_marked(line) || (may_say != nullptr && may_say(line)) ||
           std::ranges::find(example.lines, line) != example.lines.end();
}

}  // namespace

void expect_no_inventions(RecordingHost::Create create, const ParserExample& example,
                          std::initializer_list<std::size_t> sizes, MaySay may_say) {
    std::size_t unmarked = 0;
    std::size_t runs = 0;
    for (const bool known : {true, false}) {
        for (const std::size_t size : sizes) {
            for (std::size_t at = 0; at < size_of(example.conversation); ++at) {
                RecordingHost host;
                host.run(create, with_gap(example.conversation, at, size), {}, known);
                ++runs;
                for (const std::string& line : host.lines()) {
                    ASSERT_TRUE(is_right(example, may_say, line))
                        << line << " with " << size << " lost at " << at << (known ? "" : ", unknown");
                    unmarked += is_marked(line) ? 0 : 1;
                }
            }
        }
    }
    // Pipelined requests share their doubts.
    EXPECT_GT(unmarked * 4, runs * example.lines.size()) << "of " << runs << " runs";
}

void expect_joins(RecordingHost::Create create, const ParserExample& example, std::size_t left_out,
                  MaySay may_say) {
    const Conversation& whole = example.conversation;
    for (std::size_t first = 1; first + left_out < whole.size(); ++first) {
        RecordingHost host;
        host.info.midstream = true;
        host.info.role = Role::client;
        const Conversation rest(whole.begin() + static_cast<std::ptrdiff_t>(first), whole.end());
        ASSERT_TRUE(host.run(create, rest)) << "from " << first;
        EXPECT_FALSE(host.emitted.empty()) << "from " << first;
        for (const std::string& line : host.lines()) {
            ASSERT_TRUE(is_right(example, may_say, line)) << line << " from " << first;
        }
    }
}

}  // namespace sslsniff::test
