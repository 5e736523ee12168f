// Writes one pcapng file per scenario into the folder given, for check.py to look at with tshark.
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "messages.h"
#include "output/file_output.h"
#include "output/files/output_file.h"
#include "output/pcapng/pcapng_sink.h"
#include "protocols/http1/http1.h"
#include "protocols/http2/http2_parser.h"
#include "protocols/redis/redis.h"
#include "support/deflate.h"
#include "support/event_script.h"

namespace sslsniff::test {
namespace {

void http1(EventConsumer& sink) {
    EventScript script(sink, {4242, 1, 0xA0, 1});
    script.process("curl", "/usr/bin/curl").open().endpoints(Role::client, kClient, kServer);
    script.tls(tls("http/1.1"));
    script.sent(get("/index.html")).received(answer("hello"));
    script.sent(get("/chunked.txt")).received(chunked(text(5000)));
    const std::string packed = deflated(text(30'000), 31);
    script.sent(get("/packed.txt")).received(answer(packed, "text/plain", "Content-Encoding: gzip\r\n"));
    const std::string big = answer(text(100 * 1024));
    script.sent(get("/big.txt"));
    for (std::size_t at = 0; at < big.size(); at += 16'384) {
        script.received(std::string_view(big).substr(at, 16'384));
    }
    script.sent(
        "POST /upload HTTP/1.1\r\nHost: example.com\r\nContent-Type: text/plain\r\nContent-Length: "
        "102400\r\n\r\n" +
        text(102'400));
    script.received("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    script.close();
}

void ipv6(EventConsumer& sink) {
    EventScript script(sink, {7, 1, 0xA0, 1});
    script.process("wget").open().endpoints(Role::client, "[2001:db8::10]:40001", "[2001:db8::5]:8443");
    script.sent(get("/six")).received(answer("six")).close();
}

void both_ends(EventConsumer& sink) {
    EventScript client(sink, {100, 1, 0xA0, 1});
    EventScript server(sink, {200, 1, 0xB0, 2});
    client.process("curl").open().endpoints(Role::client, "127.0.0.1:50000", "127.0.0.1:443", Transport::tcp,
                                            1, 9);
    server.process("nginx").open().endpoints(Role::server, "127.0.0.1:443", "127.0.0.1:50000", Transport::tcp,
                                             2, 9);
    for (const std::string path : {"/1", "/2", "/3"}) {
        client.sent(get(path));
        server.received(get(path)).sent(answer("both"));
        client.received(answer("both"));
    }
    client.close();
    server.close();
}

void reuse(EventConsumer& sink) {
    for (std::uint64_t i = 1; i <= 3; ++i) {
        EventScript script(sink, {100, 1, 0xA0, i}, EventScript::kStart + std::chrono::seconds(i));
        script.process("curl").open().endpoints(Role::client, kClient, kServer);
        script.sent(get("/reuse" + std::to_string(i))).received(answer("reuse")).close();
    }
}

void gaps(EventConsumer& sink) {
    EventScript script(sink, {100, 1, 0xA0, 1});
    script.process("curl").open().endpoints(Role::client, kClient, kServer);
    const std::string big = answer(text(50'000));
    script.sent(get("/known")).received(big.substr(0, 10'000)).gap(Direction::received, 30'000);
    script.received(big.substr(40'000));
    script.sent(get("/unknown")).received(big.substr(0, 10'000)).gap(Direction::received, 0);
    script.sent(get("/after")).received(answer("after")).close();
    sink.on_event(LossEvent{EventScript::kStart, LossCause::ring_full, 2, 30'000});

    EventScript plain(sink, {100, 1, 0xA0, 2});
    plain.open(Carrier::cleartext).endpoints(Role::client, "10.0.0.5:51235", "93.184.216.34:80");
    plain.sent(get("/plain")).received(big.substr(0, 10'000)).gap(Direction::received, 30'000);
    plain.received(big.substr(40'000));
    plain.sent(get("/plain-after")).received(answer("after")).close();
}

void midstream(EventConsumer& sink) {
    EventScript script(sink, {100, 1, 0xA0, 1});
    script.process("curl").open(Carrier::tls, true).endpoints(Role::client, kClient, kServer);
    script.received(text(3000)).sent(get("/mid")).received(answer("mid")).close();
}

void unknown_peer(EventConsumer& sink) {
    EventScript script(sink, {100, 1, 0xA0, 1});
    script.process("python3").open().tls(tls("http/1.1"));
    script.sent(get("/unknown")).received(answer("x")).wait(std::chrono::seconds(2));
    script.endpoints(Role::client, kClient, kServer).sent(get("/late")).received(answer("y")).close();
    EventScript held(sink, {100, 1, 0xA0, 2}, EventScript::kStart + std::chrono::seconds(3));
    held.open()
        .sent(get("/held"))
        .endpoints(Role::client, "10.0.0.5:51300", kServer)
        .received(answer("z"))
        .close();
}

/// Server ports whose dissectors would take the stream away.
void hijacked(EventConsumer& sink) {
    std::uint64_t generation = 0;
    for (const std::string port : {"5432", "9092", "8009", "11211"}) {
        EventScript script(sink, {100, 1, 0xA0, ++generation});
        script.process("curl").open().endpoints(Role::client, kClient, "93.184.216.34:" + port);
        script.tls(tls("http/1.1")).sent(get("/p" + port)).received(answer("odd")).close();
    }
    EventScript native(sink, {100, 1, 0xA0, ++generation});
    native.process("curl").open().endpoints(Role::client, kClient, "93.184.216.34:8080");
    native.tls(tls("http/1.1")).sent(get("/p8080")).received(answer("native")).close();
}

void redis_on(EventConsumer& sink, std::string_view server, std::uint64_t generation) {
    EventScript script(sink, {100, 1, 0xA0, generation});
    script.process("redis-cli").open().endpoints(Role::client, kClient, server);
    script.sent("*1\r\n$4\r\nPING\r\n").received("+PONG\r\n").close();
}

void redis(EventConsumer& sink) {
    redis_on(sink, "93.184.216.34:6379", 1);
}

void redis_elsewhere(EventConsumer& sink) {
    redis_on(sink, "93.184.216.34:6380", 1);
    redis_on(sink, "93.184.216.35:12000", 2);
}

const std::string kQuery(
    "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07"
    "example\x03"
    "com\0\0\x01\0\x01",
    29);

void dns(EventConsumer& sink) {
    EventScript script(sink, {100, 1, 0xA0, 1});
    script.process("dig").open(Carrier::cleartext);
    script.endpoints(Role::client, "10.0.0.5:33333", "10.0.0.53:53", Transport::udp).sent(kQuery).close();
    EventScript dot(sink, {100, 1, 0xA0, 2});
    dot.open().endpoints(Role::client, "10.0.0.5:33334", "10.0.0.53:853");
    dot.sent(std::string("\0\x1d", 2) + kQuery).close();
}

/// Refused, not answered, and closed without a word.
void failures(EventConsumer& sink) {
    std::uint64_t generation = 0;
    for (const auto reason : {CloseReason::refused, CloseReason::timed_out, CloseReason::socket_closed}) {
        const std::string number = std::to_string(++generation);
        EventScript script(sink, {100, 1, 0xA0, generation});
        script.process("curl").open(Carrier::cleartext);
        script.endpoints(Role::client, "10.0.0.5:5000" + number, "10.0.0.9:8" + number).close(reason);
    }
}

/// Sockets that are bound to no address, seen from both ends, in either order, and from one alone.
void unbound(EventConsumer& sink) {
    const auto open = [&](EventScript& script, Role role, std::string_view local, std::string_view remote,
                          std::uint64_t cookie) {
        script.process(role == Role::client ? "dig" : "named").open(Carrier::cleartext);
        script.endpoints(role, local, remote, Transport::udp, cookie, 9);
    };
    std::string answer = kQuery;
    answer[2] = '\x81';
    EventScript client(sink, {100, 1, 0xA0, 1});
    EventScript server(sink, {200, 1, 0xB0, 2});
    open(client, Role::client, "0.0.0.0:40000", "127.0.0.53:53", 1);
    client.sent(kQuery);
    open(server, Role::server, "127.0.0.53:53", "127.0.0.1:40000", 2);
    for (int i = 0; i < 2; ++i) {
        server.received(kQuery).sent(answer);
        client.received(answer);
        if (i == 0) {
            client.sent(kQuery);
        }
    }
    client.close();
    server.close();
    EventScript late(sink, {200, 1, 0xB0, 3}, EventScript::kStart + std::chrono::seconds(1));
    open(late, Role::server, "10.0.0.53:53", "10.0.0.7:40001", 3);
    late.received(kQuery);
    EventScript early(sink, {100, 1, 0xA0, 4}, EventScript::kStart + std::chrono::seconds(1));
    open(early, Role::client, "0.0.0.0:40001", "10.0.0.53:53", 4);
    early.sent(kQuery);
    EventScript alone(sink, {100, 1, 0xA0, 5}, EventScript::kStart + std::chrono::seconds(2));
    open(alone, Role::client, "0.0.0.0:40002", "10.0.0.99:53", 5);
    alone.sent(kQuery);
}

void processes(EventConsumer& sink) {
    for (std::uint32_t i = 1; i <= 2000; ++i) {
        EventScript script(sink, {i, i, 0xA0, i});
        script.process("worker" + std::to_string(i)).open();
        script.endpoints(Role::client, "10.0.0.5:" + std::to_string(20'000 + i), kServer);
        script.sent(get("/" + std::to_string(i))).received(answer("ok")).close();
    }
}

void huge(EventConsumer& sink) {
    constexpr std::size_t kSize = 64 << 20;
    EventScript script(sink, {100, 1, 0xA0, 1});
    script.process("curl")
        .open()
        .endpoints(Role::client, kClient, kServer)
        .tls(tls("http/1.1"))
        .sent(get("/huge"));
    script.received("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kSize) + "\r\n\r\n");
    const std::string part = text(1 << 20);
    for (std::size_t i = 0; i < kSize; i += part.size()) {
        script.received(part);
    }
    script.sent(get("/after-huge")).received(answer("ok")).close();
}

/// Enough for these scenarios; the program uses the protocols' own detection.
const DissectorTraits* guess(const ConnectionInfo& connection, ByteView sent, ByteView received) {
    if (sent.starts_with("GET ") || sent.starts_with("POST ") || received.starts_with("HTTP/1.")) {
        return &http1_dissector();
    }
    if (sent.starts_with("PRI * HTTP/2.0") || connection.tls.alpn == "h2") {
        return &http2_dissector();
    }
    return sent.starts_with("*") ? &redis_dissector() : nullptr;
}

int write_all(const std::filesystem::path& folder) {
    struct Scenario {
        std::string name;
        std::function<void(EventConsumer&)> play;
        std::uint64_t max_size = 0;  ///< bytes of each file, 0: there is one
        PcapngHelp help = PcapngHelp::ports;
    };
    const std::vector<Scenario> scenarios{{"http1", http1},
                                          {"ipv6", ipv6},
                                          {"both_ends", both_ends},
                                          {"reuse", reuse},
                                          {"gaps", gaps},
                                          {"midstream", midstream},
                                          {"unknown_peer", unknown_peer},
                                          {"http2", http2},
                                          {"http2_rotated", http2_rotated, 5000},
                                          {"http2_gaps", http2_gaps},
                                          {"hijacked", hijacked},
                                          {"hijacked_marked", hijacked, 0, PcapngHelp::markers},
                                          {"redis", redis},
                                          {"redis_moved", redis_elsewhere},
                                          {"redis_marked", redis_elsewhere, 0, PcapngHelp::markers},
                                          {"dns", dns},
                                          {"failures", failures},
                                          {"unbound", unbound},
                                          {"handover", handover},
                                          {"processes", processes},
                                          {"huge", huge}};
    const std::vector<const DissectorTraits*> all = protocol_dissectors();
    for (const auto& [name, play, max_size, help] : scenarios) {
        FileRules rules;
        auto file = std::make_unique<OutputFile>(
            OutputFile::Options{folder / (name + ".pcapng"), name, {.max_size = max_size}}, rules, nullptr);
        PcapngOptions options;
        options.encapsulation.help = help;
        options.host = {.hardware = "x86_64", .os = "Linux 6.1", .application = "sslsniff test"};
        EventOutput<PcapngSink> output(std::move(file), options, Dissectors{all, guess});
        auto done = output.check({});
        done = done ? output.open({}) : done;
        if (done) {
            play(*output.events());
            done = output.finish();
        }
        if (!done) {
            std::fprintf(stderr, "%s\n", done.error().message.c_str());
            return 1;
        }
    }
    return 0;
}

}  // namespace
}  // namespace sslsniff::test

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    return sslsniff::test::write_all(argv[1]);
}
