// What the library tells of recordings.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/input_stream.h"
#include "capture/trace/trace_reader.h"
#include "watcher.h"

namespace sslsniff {
namespace {

using test::Folder;
using test::Watcher;
using Lines = std::vector<std::string>;
namespace fs = std::filesystem;

std::string fixture(const std::string& name) {
    return std::string(SSLSNIFF_FIXTURES) + "/" + name;
}

std::vector<fs::path> all_traces() {
    std::vector<fs::path> traces;
    for (const auto& entry : fs::directory_iterator(SSLSNIFF_FIXTURES)) {
        if (entry.path().extension() == ".trace") {
            traces.push_back(entry.path());
        }
    }
    std::ranges::sort(traces);
    return traces;
}

/// The events of a trace, their bytes copied.
class Events final : public EventConsumer {
  public:
    explicit Events(const fs::path& trace) {
        TraceReader reader(std::make_unique<MemoryInputStream>(test::content_of(trace), "trace"));
        for (auto status = reader.poll(*this); status && *status == PollStatus::more;) {
            status = reader.poll(*this);
        }
    }
    void on_event(const CaptureEvent& event) override {
        events.push_back(event);
        const auto* data = std::get_if<DataEvent>(&event);
        bytes.emplace_back(data != nullptr ? data->bytes : "");
    }
    std::vector<CaptureEvent> events;
    Lines bytes;
};

TEST(LibraryReplay, LinesAreThoseOfTheJsonOutput) {
    const auto traces = all_traces();
    ASSERT_GT(traces.size(), 40U);
    for (const auto& trace : traces) {
        const Folder folder;
        Watcher watcher;
        ASSERT_EQ(watcher.set("read", trace), SSLSNIFF_OK);
        ASSERT_EQ(watcher.set("output", "json:" + folder / "out"), SSLSNIFF_OK);
        ASSERT_EQ(watcher.run(), SSLSNIFF_ENDED) << trace << watcher.error();
        EXPECT_FALSE(watcher.lines.empty());
        EXPECT_EQ(watcher.all_lines(), test::content_of(folder / "out")) << trace;
        // What is made when it is asked for is the same.
        Lines transactions;
        std::ranges::copy_if(watcher.lines, std::back_inserter(transactions), [](const std::string& line) {
            return line.find(R"("type":"transaction")") < 40;
        });
        EXPECT_EQ(watcher.json, transactions) << trace;
        EXPECT_EQ(watcher.transactions.size(), transactions.size());
    }
}

TEST(LibraryReplay, EventsAreThoseOfTheTrace) {
    for (const auto& trace : all_traces()) {
        const Events expected(trace);
        Watcher watcher;
        watcher.set("read", trace);
        ASSERT_EQ(watcher.run(), SSLSNIFF_ENDED) << trace;
        std::size_t at = 0;
        std::set<std::uint64_t> open;
        std::map<std::pair<std::uint64_t, std::uint32_t>, std::uint64_t> data_events;
        for (const auto& [event, data, comm, connection, name, protocol, confidence, reason, cause] :
             watcher.events) {
            if (event.kind == SSLSNIFF_EVENT_CLOSE) {
                EXPECT_EQ(open.erase(connection), 1U) << trace << " " << name;
                continue;  // also of those that the end of the trace closes
            }
            while (at < expected.events.size() && std::holds_alternative<CloseEvent>(expected.events[at])) {
                ++at;
            }
            // The library tells of losses of its own as lines.
            ASSERT_LT(at, expected.events.size()) << trace;
            const CaptureEvent& original = expected.events[at];
            EXPECT_EQ(event.kind, original.index() + 1) << trace;
            EXPECT_EQ(event.time_ns, time_of(original).time_since_epoch().count());
            EXPECT_EQ(data, expected.bytes[at]) << trace;
            if (const auto* bytes = std::get_if<DataEvent>(&original)) {
                EXPECT_EQ(event.position, bytes->position);
                EXPECT_EQ(event.tid, bytes->tid);
                EXPECT_EQ(event.direction, static_cast<std::uint32_t>(bytes->direction));
                EXPECT_EQ(event.sequence, (data_events[{connection, event.direction}]++));
                EXPECT_EQ(name, connection_name(bytes->connection));
            }
            if (connection != 0) {
                open.insert(connection);
            }
            ++at;
        }
        EXPECT_TRUE(open.empty()) << trace << ": every connection has its close";
        while (at < expected.events.size() && std::holds_alternative<CloseEvent>(expected.events[at])) {
            ++at;
        }
        EXPECT_EQ(at, expected.events.size()) << trace;
    }
}

TEST(LibraryReplay, TransactionsAreFacts) {
    Watcher watcher;
    watcher.set("read", fixture("http1_keep_alive.trace"));
    ASSERT_EQ(watcher.run(), SSLSNIFF_ENDED);
    EXPECT_EQ(watcher.transactions,
              (Lines{"http/1.1 GET https://example.com/first ok: GET https://example.com/first -> 200 OK",
                     "http/1.1 POST https://example.com/second ok: POST https://example.com/second -> 201 "
                     "Created",
                     "http/1.1 GET https://example.com/third client_error: GET https://example.com/third -> "
                     "404 Not Found"}));
    EXPECT_EQ(watcher.connections.size(), 1U);
}

TEST(LibraryReplay, EventsComeBehindWhatTheyComplete) {
    Watcher watcher;
    watcher.set("read", fixture("http1_keep_alive.trace"));
    ASSERT_EQ(watcher.run(), SSLSNIFF_ENDED);
    const auto first = std::ranges::find(watcher.order, "transaction") - watcher.order.begin();
    EXPECT_EQ(watcher.order[static_cast<std::size_t>(first) - 1], "line");
    EXPECT_EQ(watcher.order[static_cast<std::size_t>(first) + 1], "event");
    // The protocol is known with the bytes that show it.
    const auto data = std::ranges::find_if(
        watcher.events, [](const Watcher::Event& event) { return event.event.kind == SSLSNIFF_EVENT_DATA; });
    ASSERT_NE(data, watcher.events.end());
    EXPECT_EQ(data->protocol, "http/1");
    EXPECT_EQ(data->confidence, static_cast<std::uint32_t>(SSLSNIFF_PROTOCOL_CERTAIN));
    EXPECT_EQ(data->event.message_type, static_cast<std::uint32_t>(SSLSNIFF_MESSAGE_REQUEST));
}

TEST(LibraryReplay, CredentialsAreTakenOutOfTransactionsNotOfEvents) {
    const Folder folder;
    std::ofstream(folder / "t") << "sslsniff-trace 1.0\n"
                                   "open 2026-01-31T12:00:00Z 1.1 tls\n"
                                   "data 2026-01-31T12:00:01Z 1.1 sent\n"
                                   "|GET / HTTP/1.1\\r\\n\n|Host: h\\r\\n\n|Authorization: Bearer "
                                   "TopSecret\\r\\n\n|\\r\\n\n"
                                   "data 2026-01-31T12:00:02Z 1.1 received\n"
                                   "|HTTP/1.1 204 No Content\\r\\n\n|\\r\\n\n";
    const auto lines = [&](bool show) {
        Watcher watcher;
        watcher.set("read", folder / "t");
        watcher.set("show-secrets", show ? "true" : "false");
        EXPECT_EQ(watcher.run(), SSLSNIFF_ENDED) << watcher.error();
        const auto has_secret = [](const Watcher::Event& event) {
            return event.data.find("TopSecret") != std::string::npos;
        };
        EXPECT_TRUE(std::ranges::any_of(watcher.events, has_secret));
        return watcher.all_lines();
    };
    EXPECT_EQ(lines(false).find("TopSecret"), std::string::npos);
    EXPECT_NE(lines(true).find("TopSecret"), std::string::npos);
}

TEST(LibraryReplay, NumbersOfTcpFollowThePositions) {
    const Folder folder;
    std::ofstream(folder / "t") << "sslsniff-trace 1.0\n"
                                   "open 2026-01-31T12:00:00Z 1.1 cleartext\n"
                                   "data 2026-01-31T12:00:01Z 1.1 sent\n|before\n"
                                   "peer 2026-01-31T12:00:01Z 1.1 client tcp sequence=4294967290/100\n"
                                   "data 2026-01-31T12:00:01Z 1.1 sent\n|0123456789\n"
                                   "data 2026-01-31T12:00:02Z 1.1 received\n|x\n"
                                   "gap 2026-01-31T12:00:02Z 1.1 received size=5 cause=ring_full\n"
                                   "data 2026-01-31T12:00:02Z 1.1 received\n|y\n";
    Watcher watcher;
    watcher.set("read", folder / "t");
    ASSERT_EQ(watcher.run(), SSLSNIFF_ENDED) << watcher.error();
    std::vector<std::pair<std::uint32_t, std::uint32_t>> numbers;
    for (const auto& event : watcher.events) {
        if (event.event.kind == SSLSNIFF_EVENT_DATA || event.event.kind == SSLSNIFF_EVENT_GAP) {
            numbers.emplace_back(event.event.has_tcp_seq, event.event.tcp_seq);
        } else {
            EXPECT_EQ(event.event.has_tcp_seq, 0U);
        }
    }
    EXPECT_EQ(numbers, (std::vector<std::pair<std::uint32_t, std::uint32_t>>{
                           {0, 0}, {1, 0}, {1, 100}, {1, 101}, {1, 106}}))
        << "the number wraps";
}

TEST(LibraryReplay, FiltersAndCountsAreThoseOfTheCommandLine) {
    Watcher watcher;
    watcher.set("read", fixture("http1_keep_alive.trace"));
    watcher.set("where", "status == 404");
    ASSERT_EQ(watcher.run(), SSLSNIFF_ENDED);
    EXPECT_EQ(watcher.transactions.size(), 1U);
    Watcher counted;
    counted.set("read", fixture("http1_keep_alive.trace"));
    counted.set("count", "2");
    counted.set("count", "1");  // the last one counts
    ASSERT_EQ(counted.run(), SSLSNIFF_ENDED);
    EXPECT_EQ(counted.transactions.size(), 1U);
    Watcher nobody;
    nobody.set("read", fixture("http1_keep_alive.trace"));
    nobody.set("filter", "tcp port 1");
    ASSERT_EQ(nobody.run(), SSLSNIFF_ENDED);
    EXPECT_TRUE(nobody.transactions.empty());
    for (const auto& event : nobody.events) {
        EXPECT_EQ(event.event.kind, static_cast<std::uint32_t>(SSLSNIFF_EVENT_PROCESS));
    }
}

TEST(LibraryReplay, ADamagedTraceTellsWhatCameBefore) {
    const Folder folder;
    const std::string whole = test::content_of(fixture("http1_keep_alive.trace"));
    for (const std::size_t size : {whole.size() / 2, whole.size() - 20}) {
        std::ofstream(folder / "t", std::ios::binary) << whole.substr(0, size) << "\nnonsense\n";
        Watcher watcher;
        watcher.set("read", folder / "t");
        EXPECT_EQ(watcher.run(), SSLSNIFF_ERROR_INPUT);
        EXPECT_FALSE(watcher.error().empty());
        EXPECT_FALSE(watcher.transactions.empty());
        EXPECT_EQ(watcher.lines.back().find(R"({"schema":"sslsniff/1","type":"summary")"), 0U);
        EXPECT_EQ(sslsniff_state(watcher.raw), SSLSNIFF_STATE_ENDED);
        EXPECT_EQ(sslsniff_poll(watcher.raw, 0), SSLSNIFF_ENDED);
    }
    std::ofstream(folder / "t", std::ios::binary) << "\x01\x02\x03\x04 no recording";
    Watcher watcher;
    watcher.set("read", folder / "t");
    EXPECT_EQ(watcher.run(), SSLSNIFF_ERROR_INPUT);
    EXPECT_EQ(sslsniff_state(watcher.raw), SSLSNIFF_STATE_NEW);
}

TEST(LibraryReplay, StatisticsAgreeWithWhatWasTold) {
    Watcher watcher;
    watcher.set("read", fixture("losses.trace"));
    ASSERT_EQ(watcher.run(), SSLSNIFF_ENDED);
    sslsniff_statistics statistics{};
    EXPECT_EQ(sslsniff_read_statistics(watcher.raw, &statistics), SSLSNIFF_ERROR_USAGE);
    statistics.struct_size = sizeof(statistics);
    ASSERT_EQ(sslsniff_read_statistics(watcher.raw, &statistics), SSLSNIFF_OK);
    EXPECT_EQ(statistics.state, static_cast<std::uint32_t>(SSLSNIFF_STATE_ENDED));
    EXPECT_EQ(statistics.is_live, 0U);
    EXPECT_EQ(statistics.transactions, watcher.transactions.size());
    EXPECT_EQ(statistics.connections, watcher.connections.size());
    EXPECT_EQ(statistics.open_connections, 0U);
    std::uint64_t bytes = 0;
    for (const auto& event : watcher.events) {
        bytes += event.data.size();
    }
    EXPECT_EQ(statistics.data_bytes, bytes);
    EXPECT_GT(statistics.lost_events, 0U);
    std::vector<sslsniff_count> losses(sslsniff_losses(watcher.raw, nullptr, 0));
    ASSERT_GT(losses.size(), 1U);
    EXPECT_EQ(sslsniff_losses(watcher.raw, losses.data(), 1), losses.size());
    EXPECT_EQ(losses[1].name, nullptr) << "no more than there is room for";
    sslsniff_losses(watcher.raw, losses.data(), losses.size());
    std::uint64_t lost = 0;
    for (const auto& loss : losses) {
        lost += loss.number;
    }
    EXPECT_EQ(lost, statistics.lost_events);
    sslsniff_count protocol{};
    ASSERT_EQ(sslsniff_protocols(watcher.raw, &protocol, 1), 1U);
    EXPECT_STREQ(protocol.name, "http/1.1");
    EXPECT_EQ(protocol.number, statistics.transactions);
}

}  // namespace
}  // namespace sslsniff
