#include "app/parse_options.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace sslsniff {
namespace {

using namespace std::chrono_literals;

Result<Invocation> parse(std::initializer_list<std::string> words) {
    const std::vector<std::string> arguments(words);
    return parse_options(arguments);
}

Options accepted(std::initializer_list<std::string> words) {
    auto invocation = parse(words);
    if (!invocation) {
        ADD_FAILURE() << invocation.error().message;
        return {};
    }
    return std::get<Options>(*invocation);
}

/// The message, which must be one line.
std::string refused(std::initializer_list<std::string> words) {
    const auto invocation = parse(words);
    if (invocation) {
        ADD_FAILURE() << "accepted";
        return {};
    }
    EXPECT_FALSE(invocation.error().message.empty());
    EXPECT_EQ(invocation.error().message.find('\n'), std::string::npos) << invocation.error().message;
    return invocation.error().message;
}

TEST(Options, DefaultsToTextOnStdout) {
    const auto options = accepted({"-p", "42"});
    EXPECT_EQ(options.capture.pids, std::vector<pid_t>{42});
    ASSERT_EQ(options.pipeline.outputs.size(), 1U);
    EXPECT_EQ(options.pipeline.outputs[0].format, "text");
    EXPECT_TRUE(options.pipeline.outputs[0].to_stdout());
    EXPECT_TRUE(options.capture.children);
    EXPECT_TRUE(options.live());
    EXPECT_EQ(options.capture.snaplen, 0U);
    EXPECT_EQ(options.capture.buffer_size, 64ULL << 20U);
    EXPECT_EQ(options.pipeline.max_body, 64ULL << 10U);
    EXPECT_EQ(options.pipeline.settings.max_memory, 256ULL << 20U);
    EXPECT_EQ(options.pipeline.settings.max_saved, 1ULL << 30U);
    EXPECT_EQ(options.pipeline.settings.color, ColorMode::automatic);
}

TEST(Options, TargetsRepeatAndCombine) {
    const auto options =
        accepted({"-p1", "--pid", "2", "-c", "nginx", "-c", "curl", "-u", "www-data", "-a", "--no-children"});
    EXPECT_EQ(options.capture.pids, (std::vector<pid_t>{1, 2}));
    EXPECT_EQ(options.capture.comms, (std::vector<std::string>{"nginx", "curl"}));
    EXPECT_EQ(options.capture.users, std::vector<std::string>{"www-data"});
    EXPECT_TRUE(options.capture.whole_host);
    EXPECT_FALSE(options.capture.children);
}

TEST(Options, OneOptionTakesOneTarget) {
    EXPECT_NE(refused({"-p", "1", "curl", "x"}).find("a command goes after --"), std::string::npos);
}

TEST(Options, EverythingAfterTheSeparatorIsTheCommand) {
    const auto options = accepted({"-v", "--", "curl", "-v", "--", "https://example.com", "-p", "x"});
    EXPECT_EQ(options.capture.command,
              (std::vector<std::string>{"curl", "-v", "--", "https://example.com", "-p", "x"}));
    EXPECT_EQ(options.pipeline.settings.verbosity, 1);
    EXPECT_TRUE(options.capture.pids.empty());
}

TEST(Options, OutputsHaveFormatAndFile) {
    const auto options = accepted({"-a", "-o", "text", "-o", "json:a:b.jsonl", "-o", "trace:t"});
    ASSERT_EQ(options.pipeline.outputs.size(), 3U);
    EXPECT_TRUE(options.pipeline.outputs[0].to_stdout());
    EXPECT_EQ(options.pipeline.outputs[1].format, "json");
    EXPECT_EQ(options.pipeline.outputs[1].path, "a:b.jsonl");
    EXPECT_EQ(options.pipeline.outputs[2].path, "t");
}

TEST(Options, LimitsHaveUnits) {
    const auto options = accepted({"-a", "-n", "10", "--duration", "500ms", "-s", "128", "--buffer-size",
                                   "16M", "--max-body", "1k", "--color", "never", "-vvxq"});
    EXPECT_EQ(options.pipeline.count, 10U);
    EXPECT_EQ(options.duration, Duration(500ms));
    EXPECT_EQ(options.capture.snaplen, 128U);
    EXPECT_EQ(options.capture.buffer_size, 16ULL << 20U);
    EXPECT_EQ(options.pipeline.max_body, 1024U);
    EXPECT_EQ(options.pipeline.settings.color, ColorMode::never);
    EXPECT_EQ(options.pipeline.settings.verbosity, 2);
    EXPECT_TRUE(options.pipeline.settings.hex);
    EXPECT_TRUE(options.quiet);
    EXPECT_EQ(accepted({"-a", "-B", "1M"}).capture.buffer_size, 1ULL << 20U);
    EXPECT_EQ(accepted({"-a", "--max-memory", "1G"}).pipeline.settings.max_memory, 1ULL << 30U);
    EXPECT_EQ(accepted({"-a", "--max-saved", "100k"}).pipeline.settings.max_saved, 100ULL << 10U);
    EXPECT_EQ(accepted({"-a", "-B", "64k"}).capture.buffer_size, 64ULL << 10U);
    EXPECT_EQ(accepted({"-a", "-B", "1G"}).capture.buffer_size, 1ULL << 30U);
}

TEST(Options, ReadsARecordingWithoutTargets) {
    const auto options = accepted({"-r", "file.trace", "-o", "json"});
    EXPECT_FALSE(options.live());
    EXPECT_EQ(options.read_path, "file.trace");
    EXPECT_EQ(accepted({"-r", "-"}).read_path, "-");
}

TEST(Options, RefusesContradictions) {
    EXPECT_NE(refused({}).find("nothing to capture"), std::string::npos);
    EXPECT_NE(refused({"-v"}).find("nothing to capture"), std::string::npos);
    EXPECT_NE(refused({"-r", "x", "-p", "1"}).find("-r"), std::string::npos);
    EXPECT_NE(refused({"-p", "1", "--", "true"}).find("alone"), std::string::npos);
    EXPECT_NE(refused({"-v", "--"}).find("no command"), std::string::npos);
    EXPECT_NE(refused({"-a", "-o", "text", "-o", "json"}).find("stdout"), std::string::npos);
    EXPECT_NE(refused({"-a", "-o", "text:x", "-o", "json:x"}).find("own file"), std::string::npos);
}

TEST(Options, RefusesBadValues) {
    EXPECT_NE(refused({"-p", "x"}).find("'x'"), std::string::npos);
    EXPECT_NE(refused({"-p", "0"}).find("'0'"), std::string::npos);
    EXPECT_NE(refused({"-a", "--max-memory", "64k"}).find("1M"), std::string::npos);
    EXPECT_NE(refused({"-p", "-5"}).find("-5"), std::string::npos);
    EXPECT_NE(refused({"-p", "99999999999"}).find("process id"), std::string::npos);
    EXPECT_NE(refused({"-a", "-o", "xml"}).find("xml"), std::string::npos);
    EXPECT_NE(refused({"-a", "-o", "json:"}).find("no file"), std::string::npos);
    EXPECT_NE(refused({"-a", "-n", "0"}).find("-n"), std::string::npos);
    EXPECT_NE(refused({"-a", "--duration", "soon"}).find("--duration"), std::string::npos);
    EXPECT_NE(refused({"-a", "--color", "blue"}).find("--color"), std::string::npos);
    EXPECT_NE(refused({"-a", "-s"}).find("snaplen"), std::string::npos);
    EXPECT_NE(refused({"-a", "--nonsense"}).find("--nonsense"), std::string::npos);
    EXPECT_NE(refused({"curl"}).find("sslsniff -- curl"), std::string::npos);
    for (const auto* size : {"0", "65535", "100G", "1025M", "99999999999999999999"}) {
        EXPECT_NE(refused({"-a", "-B", size}).find("-"), std::string::npos) << size;
    }
}

TEST(Options, RotationNeedsAFileOfAnyFormat) {
    EXPECT_EQ(accepted({"-a", "-C", "1", "-o", "json:x"}).pipeline.rotation.max_size, 1'000'000U);
    EXPECT_TRUE(accepted({"-a", "-G", "1h", "-w", "x"}).pipeline.rotation.any());
    EXPECT_NE(refused({"-a", "-C", "1"}).find("-o FORMAT:FILE"), std::string::npos);
    EXPECT_NE(refused({"-a", "-W", "1", "-w", "x"}).find("-C or -G"), std::string::npos);
}

TEST(Options, LinesCanBeAppended) {
    EXPECT_TRUE(accepted({"-a", "--append", "-o", "json:x", "-o", "text"}).pipeline.append);
    EXPECT_TRUE(accepted({"-a", "--append", "-o", "text:x", "-G", "1h"}).pipeline.append);
    EXPECT_NE(refused({"-a", "--append"}).find("name one with -o text:FILE"), std::string::npos);
    EXPECT_NE(refused({"-a", "--append", "-o", "json:x", "-w", "y"}).find("-o pcapng:y is none"),
              std::string::npos);
    EXPECT_NE(refused({"-a", "--append", "-o", "json:x", "-C", "1"}).find("exclude"), std::string::npos);
}

TEST(Options, MetricsAreForThisHost) {
    const auto address = [](std::initializer_list<std::string> words) {
        return accepted(words).pipeline.outputs.back().path;
    };
    EXPECT_EQ(accepted({"-a", "--metrics", "9464"}).pipeline.outputs.back().format, "metrics");
    EXPECT_EQ(address({"-a", "--metrics", "9464"}), "127.0.0.1:9464");
    EXPECT_EQ(address({"-a", "--metrics", "localhost:9464"}), "127.0.0.1:9464");
    EXPECT_EQ(address({"-a", "--metrics", "127.1.2.3:9464"}), "127.1.2.3:9464");
    EXPECT_EQ(address({"-a", "--metrics", "[::1]:9464"}), "[::1]:9464");
    EXPECT_EQ(address({"-a", "--metrics", "0.0.0.0:9464", "--metrics-remote"}), "0.0.0.0:9464");
    for (const auto* open : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[::ffff:10.0.0.1]:1", "[2001:db8::1]:1"}) {
        EXPECT_NE(refused({"-a", "--metrics", open}).find("--metrics-remote"), std::string::npos) << open;
    }
    for (const auto* wrong : {"x", "?", "70000", "1.2.3:4", "localhost", "localhost:x", ":1", "-1"}) {
        EXPECT_NE(refused({"-a", std::string("--metrics=") + wrong}).find("--metrics"), std::string::npos)
            << wrong;
    }
    EXPECT_NE(refused({"-a", "-o", "metrics:1"}).find("choose one of"), std::string::npos);
    EXPECT_NE(refused({"-a", "-C", "1", "--metrics", "1"}).find("split files"), std::string::npos);
    const auto quiet = accepted({"-a", "-q", "--metrics", "1"});
    ASSERT_EQ(quiet.pipeline.outputs.size(), 1U);
}

TEST(Options, StandardOutputHasTwoNames) {
    EXPECT_TRUE(accepted({"-a", "-o", "json:/dev/stdout"}).pipeline.outputs[0].to_stdout());
    EXPECT_TRUE(accepted({"-a", "-w", "/dev/stdout"}).pipeline.outputs[0].to_stdout());
}

TEST(Options, EmptyValuesAreWrong) {
    for (const auto* option :
         {"-n", "--duration", "-s", "--max-body", "-B", "-p", "-o", "-r", "-c", "-u", "-w", "--backend",
          "--where", "--proto", "--save-bodies", "--decode-as", "--color"}) {
        refused({"-a", option, ""});
    }
    EXPECT_NE(refused({"--backend=", "-p", "1"}).find("--backend="), std::string::npos);
}

TEST(Options, HabitsOfOtherToolsGetAHint) {
    EXPECT_NE(refused({"-i", "lo", "-a"}).find("processes are captured, not interfaces"), std::string::npos);
    EXPECT_NE(refused({"-a", "-nn"}).find("--no-names"), std::string::npos);
    EXPECT_NE(refused({"-a", "-n"}).find("-n,--count needs a value, COUNT (to leave out names: --no-names)"),
              std::string::npos);
    EXPECT_NE(refused({"-a", "-A"}).find("-vv"), std::string::npos);
    const auto numeric = accepted({"-c", "5"});
    ASSERT_EQ(numeric.hints.size(), 1U);
    EXPECT_NE(numeric.hints[0].find("-n 5"), std::string::npos);
    const auto longer = accepted({"-c", "a-very-long-name", "-c", "nginx"});
    ASSERT_EQ(longer.hints.size(), 1U);
    EXPECT_NE(longer.hints[0].find("'a-very-long-nam'"), std::string::npos);
    EXPECT_TRUE(accepted({"-c", "fifteen-letters"}).hints.empty());
}

TEST(Options, MessagesNeverCarryControlCharacters) {
    EXPECT_EQ(refused({"-a", "-o", "\x1b[2J"}).find('\x1b'), std::string::npos);
    EXPECT_EQ(refused({"-p", "\x1b[2J"}).find('\x1b'), std::string::npos);
    EXPECT_EQ(refused({"--\x1b[2J"}).find('\x1b'), std::string::npos);
}

TEST(Options, HelpShowsEveryOptionAndExamples) {
    const auto invocation = parse({"--help"});
    ASSERT_TRUE(invocation.has_value());
    const auto& text = std::get<Information>(*invocation).text;
    for (const auto* word : {"-p,",        "-c,",
                             "-u,",        "-a,",
                             "-r,",        "-o,",
                             "-n,",        "-s,",
                             "-v,",        "-x,",
                             "-q,",        "--no-children",
                             "--duration", "--buffer-size",
                             "--max-body", "--color",
                             "--version",  "Examples:",
                             "COMMAND",    "text, json, stat, stat-json, har, html, trace, kafka, otlp"}) {
        EXPECT_NE(text.find(word), std::string::npos) << word;
    }
}

TEST(Options, StatCountsUnlessAnotherOutputIsNamed) {
    const auto options = accepted({"stat", "-a", "--by", "peer,status", "--every", "5s"});
    ASSERT_EQ(options.pipeline.outputs.size(), 1U);
    EXPECT_EQ(options.pipeline.outputs.front().text(), "stat:-");
    EXPECT_EQ(options.pipeline.settings.stat.columns.size(), 2U);
    EXPECT_EQ(options.pipeline.settings.stat.interval, std::chrono::seconds(5));
    EXPECT_EQ(accepted({"-a", "-o", "stat-json:f", "--by", "peer"}).pipeline.settings.stat.columns.size(),
              1U);
    EXPECT_NE(refused({"stat", "-a", "--by", "stauts"}).find("did you mean status?"), std::string::npos);
    EXPECT_NE(refused({"-a", "--every", "5s"}).find("add -o stat"), std::string::npos);
    EXPECT_NE(refused({"stat"}).find("nothing to capture"), std::string::npos);
}

TEST(Options, KafkaNamesBrokersAndTopic) {
    const auto options = accepted({"-a", "-o", "kafka:a:9092,b/c/topic", "--kafka", "security.protocol=ssl"});
    EXPECT_EQ(options.pipeline.outputs.front().text(), "kafka:a:9092,b/c/topic");
    EXPECT_EQ(options.pipeline.settings.kafka, (KafkaProperties{{"security.protocol", "ssl"}}));
    for (const char* output : {"kafka", "kafka:", "kafka:broker", "kafka:/topic", "kafka:broker/"}) {
        EXPECT_NE(refused({"-a", "-o", output}).find("is not BROKERS/TOPIC"), std::string::npos) << output;
    }
    EXPECT_NE(refused({"-a", "-o", "kafka:b/t", "--kafka", "x"}).find("PROPERTY=VALUE"), std::string::npos);
    EXPECT_NE(refused({"-a", "-o", "kafka:b/t", "-C", "1"}).find("split files"), std::string::npos);
}

TEST(Options, ContainersAndPodsAreTargets) {
    const auto options = accepted({"--container", "web", "-k", "prod/shop-1", "--pod", "prod/shop-2"});
    EXPECT_EQ(options.capture.containers, std::vector<std::string>{"web"});
    EXPECT_EQ(options.capture.pods, (std::vector<std::string>{"prod/shop-1", "prod/shop-2"}));
    for (const char* pod : {"shop", "/shop", "prod/"}) {
        EXPECT_NE(refused({"-k", pod}).find("is not NAMESPACE/POD"), std::string::npos) << pod;
    }
    EXPECT_NE(refused({"--container", "web", "--", "true"}).find("captured alone"), std::string::npos);
    EXPECT_NE(refused({"--container", "web", "-r", "f"}).find("cannot be combined"), std::string::npos);
}

TEST(Options, OtlpNamesACollector) {
    const auto options = accepted({"-a", "-o", "otlp:http://localhost:4318", "--otlp", "header.A=b", "--otlp",
                                   "metrics=60", "--spool", "dir", "--max-spool", "5M"});
    EXPECT_EQ(options.pipeline.outputs.front().text(), "otlp:http://localhost:4318");
    const OtlpSettings& settings = options.pipeline.settings.otlp;
    EXPECT_EQ(settings.headers, std::vector<std::string>{"A: b"});
    EXPECT_EQ(settings.metrics, std::chrono::seconds(60));
    EXPECT_EQ(settings.spool, "dir");
    EXPECT_EQ(settings.max_spool, 5U << 20U);
    EXPECT_TRUE(options.creates_files_later());
    for (const char* output : {"otlp", "otlp:", "otlp:localhost:4318", "otlp:grpc://h"}) {
        EXPECT_NE(refused({"-a", "-o", output}).find("is no URL of a collector"), std::string::npos)
            << output;
    }
    EXPECT_NE(refused({"-a", "-o", "otlp:http://h", "--otlp", "x=y"}).find("docs/otlp.md"),
              std::string::npos);
    EXPECT_NE(refused({"-a", "--spool", "dir"}).find("name one with -o otlp:URL"), std::string::npos);
    EXPECT_NE(refused({"-a", "-o", "otlp:http://h", "-o", "otlp:http://i", "--spool", "dir"})
                  .find("there are more"),
              std::string::npos);
}

TEST(Options, Version) {
    const auto invocation = parse({"--version"});
    ASSERT_TRUE(invocation.has_value());
    const auto& text = std::get<Information>(*invocation).text;
    EXPECT_TRUE(text.starts_with("sslsniff " SSLSNIFF_VERSION)) << text;
    EXPECT_TRUE(text.ends_with('\n')) << text;
}

TEST(Options, Threads) {
    EXPECT_EQ(accepted({"-a"}).threads, 1U);
    EXPECT_EQ(accepted({"-a", "--threads", "1"}).threads, 1U);
    EXPECT_EQ(accepted({"-a", "--threads", "16"}).threads, 16U);
    for (const char* wrong : {"0", "17", "-1", "", "two", "4294967297"}) {
        EXPECT_TRUE(refused({"-a", "--threads", wrong}).starts_with("--threads: '")) << wrong;
    }
}

}  // namespace
}  // namespace sslsniff
