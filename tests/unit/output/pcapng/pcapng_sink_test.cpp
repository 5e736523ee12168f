// What the sink holds is bounded, whatever never ends.
#include "output/pcapng/pcapng_sink.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <string>

#include "support/event_script.h"

namespace sslsniff {
namespace {

constexpr std::size_t kLimit = 256 * 1024;

/// Counts, and finds: what a test measures is the sink's memory.
class CountingStream final : public OutputStream {
  public:
    void write(ByteView text) override {
        bytes += text.size();
        for (const auto& [word, count] : found) {
            for (auto at = text.find(word); at != ByteView::npos; at = text.find(word, at + 1)) {
                ++found[word];
            }
        }
    }
    Result<void> flush() override { return {}; }

    std::size_t bytes = 0;
    std::map<std::string, int> found;
};

/// Holds as much as it was given.
class Hoard final : public StreamContext {
  public:
    Beginning begin() override { return {}; }
    Bytes before(Direction /*direction*/, ByteView bytes) override {
        kept_.append(bytes);
        return {};
    }
    bool skip(Direction /*direction*/, std::uint64_t /*bytes*/) override { return true; }
    std::size_t held() const override { return sizeof(*this) + kept_.capacity(); }

  private:
    Bytes kept_;
};

PcapngOptions limited(std::size_t bytes) {
    PcapngOptions options;
    options.max_memory = bytes;
    return options;
}

std::string endpoint(std::uint64_t i) {
    return "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1) + ":40000";
}

test::EventScript opened(EventConsumer& sink, std::uint64_t i) {
    test::EventScript script(sink, {4242, 1, i, i});
    script.open().endpoints(Role::client, endpoint(i), "10.1.0.1:8443", Transport::tcp, i);
    return script;
}

TEST(PcapngSink, ForgetsConnectionsThatAreIdleLongest) {
    CountingStream out;
    out.found = {{"first", 0}, {"again", 0}};
    PcapngSink sink(out, limited(kLimit), {});
    auto script = opened(sink, 1);
    script.sent("first");
    std::size_t most = 0;
    for (std::uint64_t i = 2; i <= 3000; ++i) {
        opened(sink, i).sent("first");
        most = std::max(most, sink.held());
    }
    EXPECT_LE(most, kLimit);
    EXPECT_GT(most, kLimit / 2);
    script.sent("again");
    script.close();
    sink.finish();
    EXPECT_EQ(out.found["first"], 3000);
    EXPECT_EQ(out.found["again"], 1);
}

TEST(PcapngSink, ForgetsContextsBeforeConnections) {
    CountingStream out;
    static int made;
    made = 0;
    const DissectorTraits hoarder{.make_context = [](Direction, bool) -> std::unique_ptr<StreamContext> {
        ++made;
        return std::make_unique<Hoard>();
    }};
    constexpr std::size_t kConnections = 100;
    constexpr std::size_t kFirstBytes = 5000;  // kept of each, for the guess
    constexpr std::size_t kMost = kLimit + kConnections * kFirstBytes;
    PcapngSink sink(out, limited(kMost),
                    {{}, [&](const ConnectionInfo&, ByteView, ByteView) { return &hoarder; }});
    const std::string piece(10'000, 'x');
    std::vector<test::EventScript> scripts;
    for (std::uint64_t i = 1; i <= kConnections; ++i) {
        scripts.push_back(opened(sink, i));
        scripts.back().sent(piece);
        EXPECT_LE(sink.held(), kMost);
    }
    for (auto& script : scripts) {
        script.sent("more").close();
    }
    EXPECT_EQ(made, int{kConnections});  // no connection began a second time
    EXPECT_EQ(sink.held(), 0U);
}

TEST(PcapngSink, WhatItHoldsIsTrue) {
    CountingStream out;
    PcapngSink sink(out, limited(1U << 30U), {});
    const auto given_out = [] { return mallinfo2().uordblks; };
    opened(sink, 1).sent("first");
    const std::size_t before = given_out();
    const std::size_t held = sink.held();
    for (std::uint64_t i = 2; i <= 2000; ++i) {
        opened(sink, i).sent("first");
    }
    const auto grown = static_cast<double>(given_out() - before);
    if (grown == 0) {
        GTEST_SKIP() << "this malloc tells nothing";
    }
    const double ratio = static_cast<double>(sink.held() - held) / grown;
    EXPECT_GT(ratio, 0.8);
    EXPECT_LT(ratio, 1.2);
}

TEST(PcapngSink, GapsThatWaitAreBounded) {
    CountingStream out;
    PcapngSink sink(out, {}, {});
    test::EventScript script(sink, {4242, 1, 1, 1});
    script.open();  // whose endpoints are not known
    std::size_t most = 0;
    for (int i = 0; i < 1000; ++i) {
        EventConsumer& consumer = sink;
        consumer.on_event(GapEvent{{4242, 1, 1, 1}, test::EventScript::kStart, Direction::sent, 0, 0, {}});
        most = std::max(most, sink.held());
    }
    EXPECT_LT(most, 1'000'000U);
}

TEST(PcapngSink, ManyProcessesBeginAnotherSection) {
    CountingStream out;
    PcapngOptions options;
    options.max_processes = 10;
    out.found = {{"statistics of the whole capture", 0}, {"hello", 0}};
    PcapngSink sink(out, options, {});
    for (std::uint32_t pid = 1; pid <= 35; ++pid) {
        test::EventScript script(sink, {pid, 1, pid, pid});
        script.process("p" + std::to_string(pid))
            .open()
            .endpoints(Role::client, endpoint(pid), "10.1.0.1:8443");
        script.sent("hello").close();
    }
    sink.finish();
    EXPECT_EQ(out.found["statistics of the whole capture"], 4);
    EXPECT_EQ(out.found["hello"], 35);
}

}  // namespace
}  // namespace sslsniff
