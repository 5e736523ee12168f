#include "output/files/output_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include "capture/trace/trace_reader.h"
#include "output/file_output.h"
#include "output/har/har_sink.h"
#include "output/pcapng/pcapng_sink.h"
#include "output/trace/trace_writer.h"
#include "stream/connection_table.h"
#include "support/event_script.h"

namespace sslsniff {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class OutputFileTest : public testing::Test {
  protected:
    OutputFileTest() {
        std::string pattern = testing::TempDir() + "output.XXXXXX";
        folder_ = mkdtemp(pattern.data());
    }
    ~OutputFileTest() override { fs::remove_all(folder_); }

    std::set<std::string> names() const {
        std::set<std::string> found;
        for (const auto& entry : fs::directory_iterator(folder_)) {
            found.insert(entry.path().filename());
        }
        return found;
    }
    Bytes content(const std::string& name) const {
        std::ifstream file(folder_ / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    std::unique_ptr<OutputFile> make(const std::string& name, RotationOptions options = {}) {
        return std::make_unique<OutputFile>(
            OutputFile::Options{folder_ / name, "the output " + name, options, false}, rules_, nullptr);
    }
    std::unique_ptr<OutputFile> opened(const std::string& name, RotationOptions options = {}) {
        auto file = make(name, options);
        EXPECT_TRUE(file->check(time_));
        EXPECT_TRUE(file->open(time_));
        return file;
    }
    /// Writes lines of 50 bytes, one each second.
    void write_lines(OutputFile& file, int count) {
        for (int i = 0; i < count; ++i) {
            if (file.advance_to(time_)) {
                file.write(std::string(49, static_cast<char>('a' + written_++ % 26)) + "\n");
            }
            time_ += 1s;
        }
    }

    fs::path folder_;
    FileRules rules_;
    Timestamp time_{std::chrono::seconds(1'782'000'000)};
    int written_ = 0;
};

TEST_F(OutputFileTest, NothingChangesBeforeItIsOpened) {
    std::ofstream(folder_ / "old") << "kept";
    fs::permissions(folder_ / "old", fs::perms::owner_all);
    const auto old = make("old");
    const auto fresh = make("fresh");
    old->write("header");
    EXPECT_TRUE(old->check(time_));
    EXPECT_TRUE(fresh->check(time_));
    EXPECT_TRUE(old->flush());
    EXPECT_EQ(content("old"), "kept");
    EXPECT_EQ(names(), std::set<std::string>{"old"});
    EXPECT_TRUE(old->open(time_));
    EXPECT_TRUE(old->flush());
    EXPECT_EQ(content("old"), "header");
}

TEST_F(OutputFileTest, GoesOnInAFileThatIsThere) {
    const auto append = [this](int lines) {
        OutputFile file({folder_ / "log", "the output log", {}, true}, rules_, nullptr);
        EXPECT_TRUE(file.check(time_));
        EXPECT_TRUE(file.open(time_));
        write_lines(file, lines);
        EXPECT_TRUE(file.flush());
    };
    append(2);
    append(1);
    EXPECT_EQ(content("log").size(), 150U);
    fs::permissions(folder_ / "log", fs::perms::others_read, fs::perm_options::add);
    OutputFile file({folder_ / "log", "the output log", {}, true}, rules_, nullptr);
    EXPECT_FALSE(file.check(time_)) << "before anything is attached";
}

TEST_F(OutputFileTest, NoFileIsTwoThings) {
    std::ofstream(folder_ / "input") << "x";
    struct stat input{};
    ASSERT_EQ(stat((folder_ / "input").c_str(), &input), 0);
    ASSERT_TRUE(rules_.claim(FileRules::identity(input), "the input"));
    fs::create_symlink("input", folder_ / "link");
    fs::create_hard_link(folder_ / "input", folder_ / "second name");
    for (const char* name : {"input", "link", "second name", "../"}) {
        const auto checked = make(name)->check(time_);
        ASSERT_FALSE(checked) << name;
        if (std::string_view(name) != "../") {
            EXPECT_EQ(checked.error().message,
                      "will not write " + (folder_ / name).string() + ": it is also the input");
        }
    }
    const auto first = make("new");
    EXPECT_TRUE(first->check(time_));
    const auto second = make("./new");
    EXPECT_EQ(second->check(time_).error().message,
              "will not write " + (folder_ / "./new").string() + ": it is also the output new");
    fs::create_symlink("new", folder_ / "to new");
    EXPECT_FALSE(make("to new")->check(time_));
    EXPECT_EQ(content("input"), "x");
    EXPECT_FALSE(fs::exists(folder_ / "new"));
}

TEST_F(OutputFileTest, SizeNumbersTheFiles) {
    const auto file = opened("a", {.max_size = 100});
    write_lines(*file, 5);
    EXPECT_TRUE(file->flush());
    EXPECT_EQ(names(), (std::set<std::string>{"a", "a1", "a2"}));
    EXPECT_EQ(content("a").size(), 100U);
    EXPECT_EQ(content("a2"), std::string(49, 'e') + "\n");
}

TEST_F(OutputFileTest, ALimitMakesARing) {
    const auto file = opened("a", {.max_size = 50, .max_files = 11});
    write_lines(*file, 26);
    EXPECT_TRUE(file->flush());
    EXPECT_EQ(names().size(), 11U);
    EXPECT_EQ(content("a00"), std::string(49, 'w') + "\n");
    EXPECT_EQ(content("a10"), std::string(49, 'v') + "\n");
    EXPECT_FALSE(file->is_finished());
}

TEST_F(OutputFileTest, TimeGoesIntoTheName) {
    setenv("TZ", "UTC", 1);
    const auto file = opened("%Y-%S", {.max_files = 2, .interval = 10s});
    write_lines(*file, 30);
    EXPECT_TRUE(file->flush());
    EXPECT_EQ(names(), (std::set<std::string>{"2026-00", "2026-10"}));
    EXPECT_EQ(content("2026-00").size(), 500U);
    EXPECT_EQ(content("2026-10").size(), 500U);
    EXPECT_TRUE(file->is_finished());
}

TEST_F(OutputFileTest, OnlyTheUserReadsAnyOfThem) {
    std::ofstream(folder_ / "a2") << "old";
    fs::permissions(folder_ / "a2", fs::perms::all);
    const auto file = opened("a", {.max_size = 50});
    write_lines(*file, 4);
    for (const std::string& name : names()) {
        EXPECT_EQ(fs::status(folder_ / name).permissions(), fs::perms::owner_read | fs::perms::owner_write)
            << name;
    }
}

TEST_F(OutputFileTest, ANextFileThatCannotBeMadeEndsIt) {
    fs::create_directory(folder_ / "a1");
    const auto file = opened("a", {.max_size = 50});
    write_lines(*file, 3);
    EXPECT_TRUE(file->has_failed());
    EXPECT_EQ(file->flush().error().message,
              "cannot create " + (folder_ / "a1").string() + ": Is a directory");
    EXPECT_EQ(content("a").size(), 50U);
}

TEST_F(OutputFileTest, ReopensWhatWasRenamed) {
    const auto file = opened("log");
    write_lines(*file, 1);
    EXPECT_TRUE(file->reopen()) << "nobody moved it: it stays as it is";
    write_lines(*file, 1);
    fs::rename(folder_ / "log", folder_ / "log.1");
    write_lines(*file, 1);
    EXPECT_TRUE(file->reopen());
    write_lines(*file, 1);
    EXPECT_TRUE(file->flush());
    EXPECT_EQ(content("log.1").size(), 150U);
    EXPECT_EQ(content("log"), std::string(49, 'd') + "\n");
}

TEST_F(OutputFileTest, GoesOnInTheOldFileWhenThereIsNoNewOne) {
    fs::create_directory(folder_ / "x");
    const auto file = opened("x/log");
    fs::rename(folder_ / "x", folder_ / "y");
    const auto reopened = file->reopen();
    ASSERT_FALSE(reopened);
    EXPECT_EQ(reopened.error().message, "cannot create " + (folder_ / "x/log").string() +
                                            ": No such file or directory; continuing in the old file");
    write_lines(*file, 1);
    EXPECT_TRUE(file->flush());
    EXPECT_EQ(content("y/log").size(), 50U);
}

TEST_F(OutputFileTest, WaitsForTheReaderOfAFifo) {
    ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
    Bytes read;
    std::thread reader([&] { read = content("fifo"); });
    {
        const auto file = opened("fifo");
        EXPECT_FALSE(file->can_reopen());
        write_lines(*file, 1);
        EXPECT_TRUE(file->flush());
    }
    reader.join();
    EXPECT_EQ(read.size(), 50U);
}

class NoPatience final : public Patience {
  public:
    bool await_readable(int /*fd*/) override { return false; }
    bool await_writable(int /*fd*/) override { return false; }
    bool pause(std::chrono::milliseconds /*time*/) override { return false; }
};

TEST_F(OutputFileTest, AFifoWithoutAReaderIsGivenUp) {
    ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
    NoPatience patience;
    OutputFile file({folder_ / "fifo", "x", {}}, rules_, &patience);
    EXPECT_EQ(file.check(time_).error().message,
              "nobody opened the FIFO " + (folder_ / "fifo").string() + " for reading: nothing was written");
}

/// A connection that sends 900 bytes again and again, with its end.
void talk(EventConsumer& consumer, const std::function<void(int)>& before = {}) {
    test::EventScript script(consumer, {1, 1, 1, 1});
    script.process("curl").open().endpoints(Role::client, "10.0.0.1:50000", "10.0.0.2:443");
    for (int i = 0; i < 8; ++i) {
        if (before) {
            before(i);
        }
        script.sent(std::string(900, 'x'));
    }
    script.close();
}

TEST_F(OutputFileTest, OpenConnectionsAppearInEveryFileOfPackets) {
    EventOutput<PcapngSink> output(opened("a", {.max_size = 3000}), PcapngOptions{}, Dissectors{});
    talk(*output.events());
    ASSERT_TRUE(output.finish());
    EXPECT_GE(names().size(), 3U);
    for (const std::string& name : names()) {
        // At most one packet over the limit, with section, interfaces and handshake of its own.
        EXPECT_LT(fs::file_size(folder_ / name), 3000U + 4000U) << name;
        EXPECT_GT(fs::file_size(folder_ / name), 1000U) << name;
    }
}

/// What a trace says of its only connection.
class Totals final : public TransactionSink {
  public:
    explicit Totals(Bytes trace) {
        ConnectionTable table(*this);
        TraceReader reader(std::make_unique<MemoryInputStream>(std::move(trace), "trace"));
        auto status = Result<PollStatus>(PollStatus::more);
        while (status && *status != PollStatus::ended) {
            status = reader.poll(table);
        }
        EXPECT_TRUE(status) << status.error().message;
        table.finish(table.summary().ended);
    }
    void on_transaction(const Transaction& /*transaction*/) override {}
    void on_connection(const ConnectionRecord& record) override {
        ++connections;
        sent = record.sent.bytes;
        missing = record.sent.missing;
        midstream = record.connection.midstream;
        comm = record.connection.process->comm;
        remote = to_string(record.connection.endpoints.remote.address);
    }
    void on_loss(const LossEvent& /*loss*/) override {}
    void on_summary(const CaptureSummary& /*summary*/) override {}

    int connections = 0;
    std::uint64_t sent = 0;
    std::uint64_t missing = 0;
    bool midstream = false;
    std::string comm;
    std::string remote;
};

TEST_F(OutputFileTest, EachFileOfATraceStandsForItself) {
    EventOutput<TraceWriter> output(opened("trace"));
    talk(*output.events(), [&](int i) {
        if (i == 3 || i == 6) {
            fs::rename(folder_ / "trace", folder_ / ("trace." + std::to_string(i)));
            EXPECT_TRUE(output.reopen());
        }
    });
    ASSERT_TRUE(output.finish());
    const Totals first(content("trace.3"));
    const Totals second(content("trace.6"));
    const Totals third(content("trace"));
    EXPECT_EQ(first.sent, 3 * 900U);
    EXPECT_FALSE(first.midstream);
    EXPECT_EQ(second.sent, 3 * 900U);
    EXPECT_EQ(third.sent, 2 * 900U);
    for (const Totals* later : {&second, &third}) {
        EXPECT_EQ(later->connections, 1);
        EXPECT_EQ(later->missing, 0U);
        EXPECT_TRUE(later->midstream);
        EXPECT_EQ(later->comm, "curl");
        EXPECT_EQ(later->remote, "10.0.0.2");
    }
}

TEST_F(OutputFileTest, EveryArchiveIsWhole) {
    TransactionOutput<HarSink> output(opened("har"));
    fs::rename(folder_ / "har", folder_ / "har.1");
    EXPECT_TRUE(output.reopen());
    output.transactions()->on_summary({});
    EXPECT_TRUE(output.finish());
    EXPECT_EQ(content("har.1"), content("har"));
    EXPECT_TRUE(content("har").starts_with("{\"log\":")) << content("har");
    EXPECT_TRUE(content("har").ends_with("]}}\n")) << content("har");
}

}  // namespace
}  // namespace sslsniff
