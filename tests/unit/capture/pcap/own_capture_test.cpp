#include <gtest/gtest.h>

#include "capture/pcap/pcap_reader.h"
#include "output/pcapng/pcapng_sink.h"
#include "protocols/http1/http1.h"
#include "protocols/redis/redis.h"
#include "support/event_script.h"
#include "support/event_text.h"
#include "support/recorded_events.h"

namespace sslsniff {
namespace {

using namespace test;

/// Feeds both a pcapng file and a list of what was fed.
class Recorder final : public EventConsumer {
  public:
    explicit Recorder(PcapngOptions options = {})
        : sink(stream, std::move(options), {{}, [](const ConnectionInfo&, ByteView sent, ByteView) {
                                                return sent.starts_with("*") ? &redis_dissector()
                                                                             : &http1_dissector();
                                            }}) {}
    void on_event(const CaptureEvent& event) override {
        sink.on_event(event);
        text.on_event(event);
    }
    Bytes file() {
        sink.finish();
        return stream.bytes();
    }

    MemoryOutputStream stream;
    PcapngSink sink;
    EventText text;
};

std::string read(const Bytes& file) {
    EventText text;
    auto reader = PcapReader::open(std::make_unique<MemoryInputStream>(file, "x.pcapng"));
    EXPECT_TRUE(reader);
    EXPECT_TRUE(drain(**reader, text));
    return text.take();
}

TEST(OwnCapture, BothEndsSurviveTheRoundTrip) {
    Recorder recorder;
    EventScript client(recorder, {100, 1, 0xA0, 1});
    EventScript server(recorder, {200, 1, 0xB0, 2});
    client.process("curl").open();
    client.endpoints(Role::client, "127.0.0.1:50000", "127.0.0.1:443", Transport::tcp, 1, 9);
    client.sent("GET / HTTP/1.1\r\n\r\n");
    server.process("nginx").open();
    server.endpoints(Role::server, "127.0.0.1:443", "127.0.0.1:50000", Transport::tcp, 2, 9);
    server.received("GET / HTTP/1.1\r\n\r\n").sent("HTTP/1.1 200 OK\r\n\r\n");
    client.gap(Direction::received, 19).close();  // what one end lost the other has
    server.received("more").close();              // after the end of the one that is shown
    const Bytes file = recorder.file();
    EXPECT_EQ(read(file), recorder.text.take());
    // Other programs see one connection and are told of the second end.
    EXPECT_NE(file.find("the other end was captured too, as connection 200.2\nprocess: nginx"), Bytes::npos);
}

TEST(OwnCapture, EventsSurviveTheRoundTrip) {
    Recorder recorder;
    EventScript script(recorder, {4242, 77, 0xA0, 1});
    TlsInfo tls;
    tls.version = "TLSv1.3";
    tls.cipher = "TLS_AES_128_GCM_SHA256";
    tls.sni = "exa\nmple";
    script.process("curl").open().endpoints(Role::client, "10.0.0.1:40000", "10.0.0.2:443");
    script.tls(tls).sent("GET / HTTP/1.1\r\n\r\n").received("HTTP/1.1 200 OK\r\n\r\n");
    script.received(std::string(40'000, 'b')).gap(Direction::received, 20'000).received("tail");
    script.gap(Direction::sent, 0, LossCause::fault).sent("again").close(CloseReason::freed);
    EventScript clear(recorder, {4242, 77, 0xA0, 2});
    clear.open(Carrier::cleartext).endpoints(Role::server, "10.0.0.1:80", "[2001:db8::1]:5000");
    clear.received("x").gap(Direction::received, 5).sent("y").close(CloseReason::reset);
    EventScript redis(recorder, {4242, 77, 0xA0, 3});  // with markers
    redis.open()
        .endpoints(Role::client, "10.0.0.1:40001", "10.0.0.2:6380")
        .sent("*1\r\n")
        .received("+OK\r\n");
    EventScript udp(recorder, {4242, 77, 0xA0, 4});
    udp.open(Carrier::cleartext).endpoints(Role::client, "10.0.0.1:5000", "10.0.0.3:53", Transport::udp);
    udp.sent("q").received("a");
    recorder.on_event(LossEvent{EventScript::kStart, LossCause::ring_full, 3, 100});

    const std::string back = read(recorder.file());
    EXPECT_EQ(back, recorder.text.take());
}

TEST(OwnCapture, TimesThreadsAndProcessesAreExact) {
    Recorder recorder;
    ProcessEvent process;
    process.process.key = {7, 123};
    process.process.comm = "py\\thon";
    process.process.exe = "/usr/bin/python3";
    process.process.uid = 33;
    process.process.container_id = "c0ffee";
    recorder.on_event(process);
    const ConnectionId id{7, 123, 0xBEEF, 9};
    const Timestamp time{std::chrono::nanoseconds(1'782'000'000'123'456'789)};
    recorder.on_event(OpenEvent{id, time, Carrier::tls, true, "OpenSSL 1.1.1"});
    EndpointsEvent endpoints;
    endpoints.connection = id;
    endpoints.time = time;
    recorder.on_event(endpoints);
    recorder.on_event(DataEvent{id, time + std::chrono::nanoseconds(1), 77, Direction::received, 0, "data"});

    RecordedEvents events;
    auto reader = PcapReader::open(std::make_unique<MemoryInputStream>(recorder.file()));
    ASSERT_TRUE(drain(**reader, events));
    const auto& seen = events.at<ProcessEvent>(0);
    EXPECT_EQ(seen.process.key, process.process.key);
    EXPECT_EQ(seen.process.comm, process.process.comm);
    EXPECT_EQ(seen.process.exe, process.process.exe);
    EXPECT_EQ(seen.process.uid, 33U);
    EXPECT_EQ(seen.process.container_id, "c0ffee");
    const auto& open = events.at<OpenEvent>(1);
    EXPECT_EQ(open.connection, id);
    EXPECT_EQ(open.time, time);
    EXPECT_TRUE(open.midstream);
    const auto& data = std::get<DataEvent>(events.events().back());
    EXPECT_EQ(data.connection, id);
    EXPECT_EQ(data.time, time + std::chrono::nanoseconds(1));
    EXPECT_EQ(data.tid, 77U);
    EXPECT_EQ(data.direction, Direction::received);
    EXPECT_EQ(data.bytes, "data");
}

/// One file with a section behind the other: what was open goes on.
TEST(OwnCapture, SectionsOfOneFileAreRead) {
    PcapngOptions options;
    options.max_processes = 2;
    Recorder recorder(options);
    EventScript first(recorder, {1, 1, 1, 1});
    first.process("one").open().endpoints(Role::client, "10.0.0.1:40000", "10.0.0.2:443").sent("GET");
    for (std::uint32_t pid = 2; pid <= 7; ++pid) {
        EventScript other(recorder, {pid, 1, pid, pid});
        other.process("p" + std::to_string(pid)).open();
        other.endpoints(Role::client, "10.0.0.1:4100" + std::to_string(pid), "10.0.0.2:443")
            .sent("x")
            .close();
    }
    first.sent(" /").close();
    std::string back = read(recorder.file());
    for (std::uint32_t pid = 2; pid <= 7; ++pid) {
        EXPECT_NE(back.find(std::to_string(pid) + " > x\n"), std::string::npos) << back;
    }
    EXPECT_NE(back.find("1 > GET\n"), std::string::npos) << back;
    EXPECT_NE(back.find("1 > \x20/\n"), std::string::npos) << back;
    EXPECT_EQ(back.find("gap"), std::string::npos) << back;
}

/// A connection that the writer forgot begins again where it goes on.
TEST(OwnCapture, ForgottenConnectionsBeginAgain) {
    PcapngOptions options;
    options.max_memory = 20'000;
    Recorder recorder(options);
    EventScript first(recorder, {1, 1, 1, 1});
    first.process("one").open().endpoints(Role::client, "10.0.0.1:40000", "10.0.0.2:443").sent("before");
    for (std::uint64_t i = 2; i <= 30; ++i) {
        EventScript other(recorder, {1, 1, i, i});
        other.open()
            .endpoints(Role::client, "10.0.1.1:" + std::to_string(41'000 + i), "10.0.0.2:443")
            .sent("x");
    }
    first.sent("after").close();
    const std::string back = read(recorder.file());
    EXPECT_NE(back.find("> before\n"), std::string::npos) << back;
    EXPECT_NE(back.find("> after\n"), std::string::npos) << back;
    EXPECT_EQ(back.find("gap"), std::string::npos) << back;  // what was forgotten was not lost
    EXPECT_NE(back.find("close shutdown"), std::string::npos) << back;
}

TEST(OwnCapture, RefusedAndUnansweredConnectionsAreKept) {
    Recorder recorder;
    for (const auto reason : {CloseReason::refused, CloseReason::timed_out}) {
        EventScript script(recorder, {1, 1, 1, static_cast<std::uint64_t>(reason)});
        if (reason == CloseReason::refused) {
            script.process("curl");
        }
        script.open(Carrier::cleartext);
        script.endpoints(Role::client, "10.0.0.1:40000", "10.0.0.2:80").close(reason);
    }
    EXPECT_EQ(read(recorder.file()), recorder.text.take());
}

TEST(OwnCapture, LateEndpointsAreRestored) {
    Recorder recorder;
    EventScript script(recorder, {1, 1, 1, 1});
    script.process("node").open().sent("GET /1").wait(std::chrono::seconds(2)).received("OK");
    script.endpoints(Role::client, "10.0.0.1:40000", "10.0.0.2:443").sent("GET /2").close();
    const std::string back = read(recorder.file());
    EXPECT_NE(back.find("1 > GET /1\n1 < OK\n1 tcp client 10.0.0.1:40000 10.0.0.2:443\n1 > GET /2\n"),
              std::string::npos)
        << back;
}

TEST(OwnCapture, WhatIsLearntLastIsKeptToo) {
    Recorder recorder;
    EventScript script(recorder, {1, 1, 1, 1});
    TlsInfo tls;
    tls.version = "TLSv1.2";
    script.process("node").open().endpoints(Role::client, "10.0.0.1:40000", "10.0.0.2:443");
    script.sent("GET /1").tls(tls).close();
    const std::string back = read(recorder.file());
    EXPECT_NE(back.find("1 > GET /1\n1 tls TLSv1.2  sni= alpn=\n1 close shutdown\n"), std::string::npos)
        << back;
}

TEST(OwnCapture, ConnectionsWithoutDataAreKept) {
    Recorder recorder;
    EventScript script(recorder, {1, 1, 1, 1});
    script.process("curl").open().endpoints(Role::client, "10.0.0.1:40000", "10.0.0.2:443").close();
    EXPECT_EQ(read(recorder.file()), recorder.text.take());
}

TEST(OwnCapture, UnknownProcessesAreNumberedAnew) {
    Recorder recorder;
    EventScript first(recorder, {0, 0, 0, 7});
    first.open().endpoints(Role::client, "10.0.0.1:40000", "10.0.0.2:443").sent("a");
    EventScript second(recorder, {0, 0, 0, 9});
    second.open().endpoints(Role::client, "10.0.0.1:40001", "10.0.0.2:443").sent("b").close();
    first.sent("c");
    Bytes file = recorder.file();
    const std::string back = read(file);
    EXPECT_NE(back.find("1 > a\n2 open"), std::string::npos) << back;
    EXPECT_NE(back.find("1 > c\n"), std::string::npos) << back;
}

TEST(OwnCapture, WithoutItsFirstPacketItIsAnyCapture) {
    Recorder recorder;
    EventScript script(recorder, {1, 1, 1, 1});
    script.process("curl").open().endpoints(Role::client, "10.0.0.1:40000", "10.0.0.2:443").sent("GET /");
    Bytes file = recorder.file();
    const auto at = file.find("sslsniff: connection");
    file.replace(at, 8, "XXXXXXXX");
    // A NULL-cipher handshake is understood wherever it comes from.
    EXPECT_EQ(read(file),
              "1 open tls\n1 tcp client 10.0.0.1:40000 10.0.0.2:443\n"
              "1 tls TLSv1.2 TLS_RSA_WITH_NULL_SHA256 sni= alpn=http/1.1\n1 > GET /\n");
}

}  // namespace
}  // namespace sslsniff
