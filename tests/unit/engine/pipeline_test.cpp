// The engine as a program without a command line would use it.
#include "engine/pipeline.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/recording.h"
#include "engine/run_loop.h"
#include "engine/supervisor.h"
#include "support/event_script.h"
#include "support/recording_sink.h"

namespace sslsniff {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

/// An output of the caller: keeps what it is told. It outlives the pipeline's part of it.
struct Seen {
    test::RecordingSink sink;
    Lines calls;
    std::vector<Timestamp> ticks;
    std::size_t events = 0;
    bool is_done = false;
    bool reads_fields = true;
};

class OwnOutput final : public Output, private EventConsumer {
  public:
    explicit OwnOutput(Seen& seen) : seen_(seen) {}
    EventConsumer* events() override { return this; }
    TransactionSink* transactions() override { return &seen_.sink; }
    bool reads_fields() const override { return seen_.reads_fields; }
    Result<void> check(Timestamp /*now*/) override { return call("check"); }
    Result<void> open(Timestamp /*now*/) override { return call("open"); }
    void tick(Timestamp now) override { seen_.ticks.push_back(now); }
    Result<bool> flush() override { return true; }
    Result<void> finish() override { return call("finish"); }
    bool is_done() const override { return seen_.is_done; }

  private:
    void on_event(const CaptureEvent& /*event*/) override { ++seen_.events; }
    Result<void> call(std::string name) {
        seen_.calls.push_back(std::move(name));
        return {};
    }

    Seen& seen_;
};

class PipelineTest : public testing::Test {
  protected:
    std::unique_ptr<Pipeline> create(const PipelineOptions& options = {}) {
        Pipeline::Outputs outputs;
        outputs.push_back(std::make_unique<OwnOutput>(seen_));
        auto pipeline = Pipeline::create(options, supervisor_, std::move(outputs));
        EXPECT_TRUE(pipeline) << pipeline.error().message;
        EXPECT_TRUE((*pipeline)->check());
        EXPECT_TRUE((*pipeline)->open());
        return *std::move(pipeline);
    }
    /// Reads a recording to its end, or until enough was seen.
    Result<StopReason> run(const std::string& fixture, const PipelineOptions& options = {}) {
        auto recording = open_recording(std::string(SSLSNIFF_FIXTURES) + "/" + fixture, supervisor_);
        if (!recording) {
            return std::unexpected(recording.error());
        }
        const auto pipeline = create(options);
        pipeline->set_source(*recording->source);
        auto reason = run_loop(*recording->source, *pipeline, supervisor_, notices_);
        EXPECT_EQ(pipeline->finish(), Lines{});
        return reason;
    }

    Notices notices_;
    Supervisor supervisor_{notices_};
    Seen seen_;
};

TEST_F(PipelineTest, ARecordingInTransactionsOut) {
    ASSERT_EQ(run("http1_keep_alive.trace"), StopReason::source_ended);
    EXPECT_EQ(seen_.sink.lines, (Lines{"http/1.1 GET https://example.com/first -> 200 OK (0/4)",
                                       "http/1.1 POST https://example.com/second -> 201 Created (13/8)",
                                       "http/1.1 GET https://example.com/third -> 404 Not Found (0/0)"}));
    EXPECT_EQ(seen_.calls, (Lines{"check", "open", "finish"}));
    ASSERT_EQ(seen_.sink.connections.size(), 1U);
    EXPECT_EQ(seen_.sink.life.front(), "open");
    EXPECT_EQ(seen_.sink.life.back(), "close");
    EXPECT_EQ(seen_.sink.summary.value().transactions, 3U);
    EXPECT_GT(seen_.events, 8U);
}

TEST_F(PipelineTest, EndsWithTheCount) {
    PipelineOptions options;
    options.count = 1;
    EXPECT_EQ(run("http1_keep_alive.trace", options), StopReason::output_done);
    EXPECT_EQ(seen_.sink.lines.size(), 1U);
}

TEST_F(PipelineTest, FiltersWhatIsShown) {
    PipelineOptions options;
    options.where = "status == 404";
    EXPECT_EQ(run("http1_keep_alive.trace", options), StopReason::source_ended);
    EXPECT_EQ(seen_.sink.lines, (Lines{"http/1.1 GET https://example.com/third -> 404 Not Found (0/0)"}));
}

/// Lines, facts and what --where selects are the same with and without; fields are made where one output or
/// --where reads them.
TEST_F(PipelineTest, MakesFieldsOnlyForThoseWhoReadThem) {
    for (const char* const name :
         {"recorded_kafka.trace", "recorded_mongodb.trace", "recorded_postgresql.trace"}) {
        const auto seen = [&](bool reads_fields, const std::string& where) {
            static_cast<test::Recording&>(seen_.sink) = {};
            seen_.reads_fields = reads_fields;
            PipelineOptions options;
            options.where = where;
            EXPECT_EQ(run(name, options), StopReason::source_ended);
            return test::Recording(seen_.sink);
        };
        const test::Recording with = seen(true, "");
        const test::Recording without = seen(false, "");
        EXPECT_GT(with.lines.size(), 8U) << name;
        EXPECT_EQ(with.lines, without.lines) << name;
        EXPECT_EQ(with.facts, without.facts) << name;
        EXPECT_NE(with.fields, without.fields) << name;
        const test::Recording all = seen(false, "request.bytes > 0");
        EXPECT_EQ(all.fields, with.fields) << name;
    }
}

TEST_F(PipelineTest, TicksComeFromTheTimeOfEvents) {
    const auto pipeline = create();
    test::EventScript script(pipeline->consumer(), {1, 1, 1, 1});
    script.open().sent("a").wait(99ms).sent("b");  // 1 ms for each event, too
    ASSERT_EQ(seen_.ticks.size(), 1U);
    script.sent("c").wait(10s).sent("d");
    EXPECT_EQ(seen_.ticks.size(), 2U);
    EXPECT_GT(seen_.ticks[1] - seen_.ticks[0], 10s);
}

TEST_F(PipelineTest, OptionsThatMakeNoSenseAreErrors) {
    const auto refused = [this](const PipelineOptions& options) {
        const auto created = Pipeline::create(options, supervisor_);
        EXPECT_FALSE(created);
        return created.error().kind;
    };
    PipelineOptions options;
    options.outputs = {{"xml", "-"}};
    EXPECT_EQ(refused(options), ErrorKind::usage);
    options = {};
    options.where = "status >";
    EXPECT_EQ(refused(options), ErrorKind::usage);
    options = {};
    options.expression = "tcp port";
    EXPECT_EQ(refused(options), ErrorKind::usage);
    options = {};
    options.proto = "/nonexistent/descriptors";
    EXPECT_EQ(refused(options), ErrorKind::not_found);
    EXPECT_EQ(open_recording("/nonexistent/trace", supervisor_).error().kind, ErrorKind::not_found);
    EXPECT_EQ(open_recording("/dev/null", supervisor_).error().kind, ErrorKind::input);
}

/// With outputs in a folder that goes away with it.
class PipelineFiles : public PipelineTest {
  protected:
    PipelineFiles() {
        std::string name = fs::temp_directory_path() / "sslsniff-pipeline-XXXXXX";
        folder_ = ::mkdtemp(name.data());
    }
    ~PipelineFiles() override { fs::remove_all(folder_); }
    fs::path folder_;
};

TEST_F(PipelineFiles, FlushTellsWhenAllIsWithTheSystem) {
    PipelineOptions options;
    options.outputs = {{"pcapng", folder_ / "p"}, {"trace", folder_ / "t"}};
    const auto pipeline = create(options);
    test::EventScript script(pipeline->consumer(), {1, 1, 1, 1});
    EXPECT_TRUE(pipeline->flush());
    script.process("curl").open().sent("GET / HTTP/1.1\r\n\r\n");
    EXPECT_FALSE(pipeline->flush()) << "packets wait for their addresses";
    const auto before = fs::file_size(folder_ / "p");
    EXPECT_GT(fs::file_size(folder_ / "t"), 100U) << "the other output waits for nothing";
    script.endpoints(Role::client, "10.0.0.1:50000", "10.0.0.2:443");
    script.sent("x");
    EXPECT_TRUE(pipeline->flush());
    EXPECT_GT(fs::file_size(folder_ / "p"), before);
    EXPECT_EQ(pipeline->finish(), Lines{});
}

/// Says where the bodies of each transaction are.
class BodyNames final : public Output, private TransactionSink {
  public:
    explicit BodyNames(Lines& names) : names_(names) {}
    TransactionSink* transactions() override { return this; }
    Result<void> check(Timestamp /*now*/) override { return {}; }
    Result<void> open(Timestamp /*now*/) override { return {}; }
    Result<bool> flush() override { return true; }
    Result<void> finish() override { return {}; }
    bool is_done() const override { return false; }

  private:
    class Finder final : public FieldWriter {
      public:
        explicit Finder(Lines& names) : names_(names) {}
        void begin_object(std::string_view /*key*/) override {}
        void end_object() override {}
        void begin_array(std::string_view /*key*/) override {}
        void end_array() override {}
        void text(std::string_view /*key*/, ByteView /*bytes*/) override {}
        void number(std::string_view /*key*/, std::int64_t /*value*/) override {}
        void number(std::string_view /*key*/, double /*value*/) override {}
        void boolean(std::string_view /*key*/, bool /*value*/) override {}
        void null(std::string_view /*key*/) override {}
        void body(std::string_view /*key*/, const Body& body) override {
            if (body.record && !body.record->name().empty()) {
                names_.push_back(body.record->name());
            }
        }

      private:
        Lines& names_;
    };
    void on_transaction(const Transaction& transaction) override {
        Finder finder(names_);
        transaction.exchange->write_fields(finder);
    }
    void on_connection(const ConnectionRecord& /*record*/) override {}
    void on_loss(const LossEvent& /*loss*/) override {}
    void on_summary(const CaptureSummary& /*summary*/) override {}

    Lines& names_;
};

TEST_F(PipelineFiles, BodiesHaveTheirNamesBeforeOtherOutputsTellThem) {
    PipelineOptions options;
    Lines names;
    // The caller's outputs come behind those of the options, and bodies before all others wherever they are.
    Pipeline::Outputs outputs;
    outputs.push_back(std::make_unique<BodyNames>(names));
    options.outputs = {{"json", folder_ / "j"}, {"bodies", folder_ / "b"}};
    auto created = Pipeline::create(options, supervisor_, std::move(outputs));
    ASSERT_TRUE(created);
    Pipeline& pipeline = **created;
    ASSERT_TRUE(pipeline.check() && pipeline.open());
    auto recording = open_recording(std::string(SSLSNIFF_FIXTURES) + "/http1_keep_alive.trace", supervisor_);
    ASSERT_TRUE(recording);
    ASSERT_EQ(run_loop(*recording->source, pipeline, supervisor_, notices_), StopReason::source_ended);
    EXPECT_EQ(pipeline.finish(), Lines{});
    ASSERT_EQ(names.size(), 3U);
    for (const auto& name : names) {
        EXPECT_TRUE(fs::exists(folder_ / "b" / name)) << name;
    }
}

}  // namespace
}  // namespace sslsniff
