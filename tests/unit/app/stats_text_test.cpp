#include "app/stats_text.h"

#include <gtest/gtest.h>

#include "control/control_answer.h"
#include "control/control_request.h"
#include "control/status_json.h"

namespace sslsniff {
namespace {

Timestamp at(int seconds) {
    return Timestamp(std::chrono::seconds(1'700'000'000 + seconds));
}

CaptureStatus some_status(int seconds, std::uint64_t transactions) {
    CaptureStatus status;
    status.pid = 42;
    status.command_line = "sslsniff -a\x1b[2J";
    status.started = at(0);
    status.now = at(seconds);
    status.kernel = "6.18.5";
    status.where = "status >= 500";
    status.summary.transactions = transactions;
    status.summary.filtered_from = 2 * transactions;
    status.summary.losses = {{LossCause::ring_full, 3, 4096}};
    status.events = {{"data", 10 * transactions}, {"gap", 1}};
    status.protocols["redis"] = {transactions, 1, 5};
    status.buffer = BufferUse{.waiting = 1000, .size = 64'000'000};
    status.maps = {{"connections", 3, 65536}, {"bound_sockets", 0, 65536}};
    status.libraries = {"OpenSSL 3.0.17"};
    status.processes = {"nginx[7]", "x\x07[8]"};
    status.outputs = {{"json:a", false, {{"written_bytes", 2000}}},
                      {"kafka:b/c", true, {{"delivered", 5}, {"waiting", 6}, {"lost", 7}}}};
    status.own = {2'000'000'000, 1'000'000, 9};
    return status;
}

StatsAnswer answer(const CaptureStatus& status) {
    auto parsed = StatsAnswer::parse(status_json(status));
    EXPECT_TRUE(parsed) << status_json(status);
    return parsed ? *std::move(parsed) : StatsAnswer();
}

TEST(StatsTextTest, SaysEverything) {
    const std::string page = stats_text(answer(some_status(100, 250)), nullptr);
    for (const auto* part :
         {"[42] on Linux 6.18.5, capturing for 1m40s", "where          status >= 500",
          "250 of 500 shown, 2.5/s", "2500 data, 1 gaps, 25.0/s", "redis", "3 events, 4.1kB (ring_full)",
          "1.0kB of 64MB in use", "connections 3 of 65536\n", "json:a, 2.0kB written",
          "kafka:b/c, ended, 5 delivered, 7 lost, 6 waiting", "2.00 s of CPU (2.0 %), 1.0MB of memory",
          "OpenSSL 3.0.17", "nginx[7], x\\x07[8]", "sslsniff -a\\x1b[2J"}) {
        EXPECT_NE(page.find(part), std::string::npos) << part << " in\n" << page;
    }
}

TEST(StatsTextTest, RatesAreOfTheTimeBetweenTwoAnswers) {
    const StatsAnswer before = answer(some_status(100, 250));
    const std::string page = stats_text(answer(some_status(110, 350)), &before);
    EXPECT_NE(page.find("350 of 700 shown, 10.0/s"), std::string::npos) << page;
    EXPECT_NE(page.find("0.0 %"), std::string::npos) << "no CPU time since then\n" << page;
}

TEST(StatsTextTest, AnswersThatAreNone) {
    EXPECT_FALSE(StatsAnswer::parse("{\"pid\":4"));
    const auto refused = StatsAnswer::parse(R"({"done":false,"error":"not now"})");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "not now");
    EXPECT_TRUE(StatsAnswer::parse(R"({"done":true})"));
    // Of another version: what is missing is shown as nothing.
    EXPECT_FALSE(stats_text(*StatsAnswer::parse("{}"), nullptr).empty());
}

class Recorder final : public Controlled {
  public:
    CaptureStatus status() override { return some_status(1, 1); }
    Result<void> stop() override { return note("stop"); }
    Result<void> start() override { return note("start"); }
    Result<void> set_filter(const std::string& expression) override { return note("filter=" + expression); }
    Result<void> set_where(const std::string& expression) override {
        return expression == "bad" ? fail("no \"such\" field") : note("where=" + expression);
    }
    Result<void> note(std::string what) {
        done.push_back(std::move(what));
        return {};
    }
    std::vector<std::string> done;
};

TEST(ControlAnswerTest, DoesWhatTheLineSays) {
    Recorder capture;
    for (const auto* line : {"stop", "start", "filter tcp port 1", "filter", "where a = \"b c\""}) {
        EXPECT_EQ(control_answer(line, capture), "{\"done\":true}\n") << line;
    }
    EXPECT_EQ(capture.done, (std::vector<std::string>{"stop", "start", "filter=tcp port 1",
                                                      "filter=", "where=a = \"b c\""}));
    EXPECT_EQ(control_answer("where bad", capture), "{\"done\":false,\"error\":\"no \\\"such\\\" field\"}\n");
    EXPECT_EQ(control_answer("stats", capture), status_json(some_status(1, 1)));
}

TEST(ControlAnswerTest, RefusesWhatItDoesNotKnow) {
    Recorder capture;
    for (const auto* line : {"", " ", "Stop", "stop now", "stats all", "set where x", "\x1b[2J"}) {
        const std::string answer = control_answer(line, capture);
        EXPECT_TRUE(answer.starts_with("{\"done\":false,\"error\":")) << answer;
        EXPECT_EQ(answer.find('\x1b'), std::string::npos);
    }
    EXPECT_TRUE(capture.done.empty());
}

TEST(ControlRequestTest, IsReadBackAsItIsWritten) {
    for (const auto& request :
         {ControlRequest{ControlRequest::Kind::stats}, ControlRequest{ControlRequest::Kind::where, "a = 1"},
          ControlRequest{ControlRequest::Kind::filter, ""}}) {
        const auto parsed = parse_control_request(to_line(request));
        ASSERT_TRUE(parsed);
        EXPECT_EQ(parsed->kind, request.kind);
        EXPECT_EQ(parsed->expression, request.expression);
    }
}

}  // namespace
}  // namespace sslsniff
