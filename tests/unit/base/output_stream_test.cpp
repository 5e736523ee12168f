#include "base/output_stream.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <thread>

namespace sslsniff {
namespace {

/// Gives up at once, or after it has let a reader take something so many times.
class Impatience final : public Patience {
  public:
    bool await_readable(int /*fd*/) override { return false; }
    bool await_writable(int /*fd*/) override {
        ++asked;
        return false;
    }
    bool pause(std::chrono::milliseconds /*time*/) override { return false; }
    int asked = 0;
};

TEST(FdOutputStream, FullDiskNamesFileAndBytes) {
    const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    if (!full) {
        GTEST_SKIP() << "no /dev/full here";
    }
    FdOutputStream stream(full.get(), "out.jsonl");
    stream.write("x");
    const auto first = stream.flush();
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().message, "cannot write out.jsonl: No space left on device (0 bytes written)");
    EXPECT_FALSE(stream.is_closed_reader());
    stream.write("y");
    EXPECT_FALSE(stream.flush()) << "errors are sticky";
}

TEST(FdOutputStream, ClosedReaderIsRecognised) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    UniqueFd reader(ends[0]);
    FdOutputStream stream(UniqueFd(ends[1]), "standard output");
    stream.write("kept");
    ASSERT_TRUE(stream.flush());
    auto* const before = std::signal(SIGPIPE, SIG_IGN);
    reader.reset();
    stream.write("lost");
    const auto result = stream.flush();
    std::signal(SIGPIPE, before);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message, "cannot write standard output: Broken pipe (4 bytes written)");
    EXPECT_TRUE(stream.is_closed_reader());
}

TEST(FdOutputStream, WaitsWhenANonBlockingReaderIsSlow) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const UniqueFd reader(ends[0]);
    ASSERT_EQ(::fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    std::size_t total = 0;
    std::thread consumer([&] {
        std::array<char, 4096> chunk{};
        for (ssize_t got = 0; (got = ::read(reader.get(), chunk.data(), chunk.size())) > 0;) {
            total += static_cast<std::size_t>(got);
        }
    });
    {
        FdOutputStream stream(UniqueFd(ends[1]), "pipe");
        stream.write(std::string(1'000'000, 'z'));
        EXPECT_TRUE(stream.flush());
    }
    consumer.join();
    EXPECT_EQ(total, 1'000'000U);
}

/// Blocking pipes, as a shell makes them, and sockets: nothing waits but patience.
class StalledReader : public testing::TestWithParam<bool> {
  protected:
    StalledReader() {
        std::array<int, 2> ends{};
        const int made = GetParam() ? ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data())
                                    : ::pipe2(ends.data(), O_CLOEXEC);
        EXPECT_EQ(made, 0);
        reader_ = UniqueFd(ends[0]);
        writer_ = UniqueFd(ends[1]);
    }
    UniqueFd reader_;
    UniqueFd writer_;
};

TEST_P(StalledReader, IsGivenUpAndWhatItLacksIsCounted) {
    Impatience patience;
    FdOutputStream stream(writer_.get(), "standard output", &patience);
    const std::string piece(1'000'000, 'x');
    stream.write(piece);
    const auto first = stream.flush();
    ASSERT_FALSE(first);
    EXPECT_EQ(patience.asked, 1);
    EXPECT_FALSE(stream.is_closed_reader());
    EXPECT_TRUE(stream.has_failed());
    stream.write(piece);
    const auto second = stream.flush();
    const auto written = stream.bytes_written();
    EXPECT_GT(written, 0U);
    EXPECT_LT(written, piece.size());
    EXPECT_EQ(second.error().message, "cannot write standard output: its reader takes nothing (" +
                                          std::to_string(written) + " bytes written, " +
                                          std::to_string(2 * piece.size() - written) + " bytes not)");
    // The other end, and whoever shares this one, still find a blocking file.
    EXPECT_EQ(::fcntl(writer_.get(), F_GETFL) & O_NONBLOCK, 0);
}

INSTANTIATE_TEST_SUITE_P(Kinds, StalledReader, testing::Bool(),
                         [](const auto& kind) { return kind.param ? "Socket" : "Pipe"; });

TEST(FdOutputStream, NamesArePrintable) {
    FdOutputStream stream(-1, "a\x1b[31m");
    stream.write("x");
    EXPECT_EQ(stream.flush().error().message,
              "cannot write a\\x1b[31m: Bad file descriptor (0 bytes written)");
}

}  // namespace
}  // namespace sslsniff
