#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "capture/trace/trace_reader.h"
#include "output/trace/trace_writer.h"
#include "support/recorded_events.h"

namespace sslsniff {
namespace {

using namespace std::string_literals;

struct Read {
    test::RecordedEvents events;
    Result<void> result;
    std::uint64_t skipped = 0;
    std::vector<std::string> remarks;
    std::string error() const { return result ? "" : result.error().message; }
};

/// What comes of a trace with this body.
std::unique_ptr<Read> read(const std::string& body, const std::string& first_line = "sslsniff-trace 1.0\n") {
    auto read = std::make_unique<Read>();
    TraceReader reader(std::make_unique<MemoryInputStream>(first_line + body, "x.trace"));
    read->result = test::drain(reader, read->events);
    read->skipped = reader.skipped();
    read->remarks = reader.remarks();
    return read;
}

const std::string kTime = "2026-01-31T12:00:01.000000001Z";
const std::string kData = "data " + kTime + " 1.1 sent ";

TEST(TraceReader, ReadsWhatAHandWrites) {
    const auto got = read(
        "# a comment\n\n"
        "process " +
        kTime +
        " seen 7 comm=curl\n"
        "open " +
        kTime +
        " 7.1 tls\n"
        "data " +
        kTime +
        " 7.1 sent\n"
        "|GET / HTTP/1.1\\r\\n\n"
        "# between\n"
        "|\\r\\n\n"
        "close " +
        kTime + " 7.1 freed\r\n");
    ASSERT_EQ(got->error(), "");
    ASSERT_EQ(got->events.events().size(), 4U);
    EXPECT_EQ(got->events.at<ProcessEvent>(0).process.comm, "curl");
    EXPECT_EQ(got->events.at<OpenEvent>(1).connection, (ConnectionId{7, 0, 0, 1}));
    EXPECT_EQ(got->events.at<DataEvent>(2).bytes, "GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(got->events.at<CloseEvent>(3).reason, CloseReason::freed);
}

TEST(TraceReader, LinesWithoutPositionContinueTheirStream) {
    const auto got = read(kData + "\n|abc\n" + kData + "\n|de\n" + "gap " + kTime + " 1.1 sent size=10\n" +
                          kData + "\n|f\n" + "data " + kTime + " 1.1 received at=7\n|g\n" + "data " + kTime +
                          " 1.1 received\n|h\n" + "close " + kTime + " 1.1 freed\n" + kData + "\n|i\n");
    ASSERT_EQ(got->error(), "");
    EXPECT_EQ(got->events.at<DataEvent>(1).position, 3U);
    EXPECT_EQ(got->events.at<GapEvent>(2).position, 5U);
    EXPECT_EQ(got->events.at<DataEvent>(3).position, 15U);
    EXPECT_EQ(got->events.at<DataEvent>(5).position, 8U);
    EXPECT_EQ(got->events.at<DataEvent>(7).position, 0U);
}

TEST(TraceReader, PayloadMayHoldRawUtf8) {
    EXPECT_EQ(read(kData + "\n|gr\xc3\xbc\xc3\x9f\\x00\n")->events.at<DataEvent>(0).bytes,
              "gr\xc3\xbc\xc3\x9f\0"s);
}

TEST(TraceReader, ErrorsNameTheLine) {
    const auto error = [](const std::string& body) { return read(body)->error(); };
    EXPECT_EQ(error("frob " + kTime + "\n"), "cannot read x.trace: line 2: unknown kind of line \"frob\"");
    EXPECT_EQ(error("\n\nclose " + kTime + " 1.1 bored\n"),
              "cannot read x.trace: line 4: \"bored\" is not a reason");
    EXPECT_EQ(error("close yesterday 1.1 freed\n"),
              "cannot read x.trace: line 2: \"yesterday\" is not a time");
    EXPECT_EQ(error("close " + kTime + "\n"), "cannot read x.trace: line 2: connection is missing");
    EXPECT_EQ(error("close " + kTime + " 1.1@5 freed\n"),
              "cannot read x.trace: line 2: \"1.1@5\" is not a connection");
    EXPECT_EQ(error("loss " + kTime + " fault events=many\n"),
              "cannot read x.trace: line 2: bad value \"many\" of \"events\"");
    EXPECT_EQ(error("loss " + kTime + " fault colour=red\n"),
              "cannot read x.trace: line 2: unknown field \"colour\"");
    EXPECT_EQ(error("open " + kTime + " 1.1 tls library=\"Open\n"),
              "cannot read x.trace: line 2: a quote is not closed");
    EXPECT_EQ(error(kData + "\n|a\\q\n"),
              "cannot read x.trace: line 3: malformed escape; \\\\, \\r, \\n, \\t and \\xNN are allowed");
    EXPECT_EQ(error("|lost\n"), "cannot read x.trace: line 2: a payload line must follow a data line");
    EXPECT_EQ(error(kData + "size=3\n|abcd\n"),
              "cannot read x.trace: line 3: the payload is longer than 3 bytes");
    EXPECT_EQ(error("frob\x1b[31m\n"), "cannot read x.trace: line 2: unknown kind of line \"frob\\x1b[31m\"");
}

TEST(TraceReader, FirstLineDecides) {
    EXPECT_EQ(read("", "")->error(), "x.trace is empty: a trace begins with \"sslsniff-trace 1.1\"");
    EXPECT_EQ(read("", "GET / HTTP/1.1\n")->error(),
              "x.trace is not a recording that sslsniff can read: pcap, pcapng or a trace (first line "
              "\"sslsniff-trace 1.1\"), compressed or not");
    EXPECT_NE(read("", "{\"log\": {}}\n")->error().find("JSON and HAR cannot be read back"),
              std::string::npos);
    EXPECT_EQ(read("", "sslsniff-trace 2.0\n")->error(),
              "x.trace is a trace of version 2.0, which needs another release of sslsniff: this one reads "
              "version 1");
    EXPECT_TRUE(TraceReader::recognises("sslsniff-trace 9.9\n"));
    EXPECT_FALSE(TraceReader::recognises("\x0a\x0d\x0d\x0a"));
}

TEST(TraceReader, SkipsAndCountsWhatANewerMinorVersionAdded) {
    const auto got = read("frob " + kTime +
                              " 1.1\n|payload of who knows what\n"
                              "loss " +
                              kTime +
                              " moonlight colour=red events=3\n"
                              "close " +
                              kTime + " 1.1 freed\n",
                          "sslsniff-trace 1.7\n");
    ASSERT_EQ(got->error(), "");
    EXPECT_EQ(got->skipped, 3U);
    EXPECT_EQ(got->remarks,
              std::vector<std::string>{"3 lines, fields or values were skipped: a newer sslsniff has "
                                       "written this trace"});
    EXPECT_TRUE(read("close " + kTime + " 1.1 freed\n")->remarks.empty());
    ASSERT_EQ(got->events.events().size(), 2U);
    EXPECT_EQ(got->events.at<LossEvent>(0).events, 3U);
}

TEST(TraceReader, EventsBeforeAnErrorAreKept) {
    const auto got = read("close " + kTime + " 1.1 freed\nnonsense\nclose " + kTime + " 1.2 freed\n");
    EXPECT_FALSE(got->result);
    EXPECT_EQ(got->events.events().size(), 1U);
}

TEST(TraceReader, ARecordingThatWasCutOffKeepsItsLastBytes) {
    const auto got = read(kData + "size=10\n|abc");
    EXPECT_EQ(
        got->error(),
        "cannot read x.trace: line 3: the trace was cut off: 3 of 10 bytes of the last payload are there");
    ASSERT_EQ(got->events.events().size(), 1U);
    EXPECT_EQ(got->events.at<DataEvent>(0).bytes, "abc");
}

TEST(TraceReader, MemoryIsBounded) {
    EXPECT_EQ(read(std::string(3'000'000, 'x'))->error(),
              "cannot read x.trace: line 2 is longer than 1048576 bytes");
    std::string flood = kData + "\n";
    const std::string line = "|" + std::string(1'000'000, 'y') + "\n";
    for (int i = 0; i < 34; ++i) {
        flood += line;
    }
    EXPECT_EQ(read(flood)->error(),
              "cannot read x.trace: line 36: the payload is longer than 33554432 bytes");
}

TEST(TraceReader, NumbersOfTcp) {
    const auto got = read("peer " + kTime + " 1.1 client tcp sequence=4294967295/7\n");
    ASSERT_EQ(got->error(), "");
    EXPECT_EQ(got->events.at<EndpointsEvent>(0).endpoints.sequence,
              (std::array<std::uint32_t, 2>{4294967295, 7}));
    for (const std::string bad : {"7", "7/", "/7", "4294967296/1", "1/2/3", "-1/2"}) {
        EXPECT_NE(read("peer " + kTime + " 1.1 client tcp sequence=" + bad + "\n")->error(), "") << bad;
    }
}

TEST(TraceWriter, NumbersOfTcpBelongToWhereTheFileBegins) {
    MemoryOutputStream file;
    TraceWriter writer(file);
    EndpointsEvent peer;
    peer.endpoints.transport = Transport::tcp;
    peer.endpoints.sequence = {4294967295, 7};
    writer.on_event(OpenEvent{});
    writer.on_event(peer);
    EXPECT_NE(file.bytes().find(" sequence=4294967295/7\n"), std::string::npos) << file.bytes();
    writer.on_event(DataEvent{.connection = {}, .time = {}, .bytes = "ten bytes!"});
    writer.begin_file();
    EXPECT_NE(file.bytes().find(" sequence=9/7\n"), std::string::npos) << file.bytes();
}

TEST(TraceReader, FollowsAPipe) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    FdOutputStream pipe{UniqueFd(ends[1]), "pipe"};
    TraceReader reader(std::make_unique<FdInputStream>(UniqueFd(ends[0]), "pipe"));
    test::RecordedEvents events;
    const auto poll = [&] { return reader.poll(events).value(); };
    EXPECT_EQ(poll(), PollStatus::idle);
    TraceWriter writer(pipe);
    writer.on_event(DataEvent{.connection = {}, .time = {}, .bytes = "no line end"});
    ASSERT_TRUE(pipe.flush());
    EXPECT_EQ(poll(), PollStatus::more);
    ASSERT_EQ(events.events().size(), 1U) << "delivered without waiting for the next line";
    EXPECT_EQ(events.at<DataEvent>(0).bytes, "no line end");
    EXPECT_EQ(poll(), PollStatus::idle);
}

TEST(TraceWriter, HttpStaysLegible) {
    MemoryOutputStream file;
    TraceWriter writer(file, [] {
        return Origin{.kernel = "6.18.0", .tool = "sslsniff 0.1.0", .clock_offset = Duration(5)};
    });
    writer.on_event(DataEvent{.connection = {4242, 99, 0x7f00, 17},
                              .time = Timestamp(std::chrono::nanoseconds(1)),
                              .tid = 4243,
                              .direction = Direction::received,
                              .position = 10,
                              .bytes = "HTTP/1.1 200 OK\r\n\r\n\"\\\xff ",
                              .waits = true});
    EXPECT_EQ(file.bytes(),
              "sslsniff-trace 1.1\n"
              "capture kernel=\"6.18.0\" tool=\"sslsniff 0.1.0\" clock_offset=5\n"
              "data 1970-01-01T00:00:00.000000001Z 4242.17@99/0x7f00 received at=10 size=23 tid=4243 waits\n"
              "|HTTP/1.1 200 OK\\r\\n\n"
              "|\\r\\n\n"
              "|\"\\\\\\xff\\x20\n");
}

}  // namespace
}  // namespace sslsniff
