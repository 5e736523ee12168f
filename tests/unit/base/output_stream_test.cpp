#include "base/output_stream.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace sslsniff {
namespace {

namespace fs = std::filesystem;

class OutputFile : public testing::Test {
  protected:
    OutputFile() {
        std::string pattern = (fs::temp_directory_path() / "sslsniff-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    ~OutputFile() override { fs::remove_all(folder_); }

    std::string path(const char* name) const { return (folder_ / name).string(); }
    static std::string content(const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

  private:
    fs::path folder_;
};

TEST_F(OutputFile, IsCreatedForTheUserAloneAndEmptied) {
    const std::string file = path("new");
    {
        auto stream = create_output_file(file);
        ASSERT_TRUE(stream);
        (*stream)->write("secret\n");
    }
    struct stat status{};
    ASSERT_EQ(::stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    EXPECT_EQ(content(file), "secret\n");
    ASSERT_TRUE(create_output_file(file));
    EXPECT_EQ(content(file), "");
}

TEST_F(OutputFile, BuffersAndKeepsOrder) {
    const std::string file = path("big");
    const auto stream = create_output_file(file);
    ASSERT_TRUE(stream);
    std::string expected;
    for (const std::size_t size : {1U, 60'000U, 10'000U, 65'536U, 3U, 200'000U, 7U}) {
        const std::string piece(size, static_cast<char>('a' + expected.size() % 26));
        (*stream)->write(piece);
        expected += piece;
    }
    EXPECT_LT((*stream)->bytes_written(), expected.size());
    ASSERT_TRUE((*stream)->flush());
    EXPECT_EQ((*stream)->bytes_written(), expected.size());
    EXPECT_EQ(content(file), expected);
}

TEST_F(OutputFile, FollowsOwnLinksOnly) {
    fs::create_symlink(path("target"), path("own"));
    EXPECT_TRUE(create_output_file(path("own")));
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root can make links of another user";
    }
    fs::create_symlink(path("target"), path("foreign"));
    ASSERT_EQ(::lchown(path("foreign").c_str(), 1234, 1234), 0);
    const auto stream = create_output_file(path("foreign"));
    ASSERT_FALSE(stream);
    EXPECT_NE(stream.error().message.find("symbolic link of another user (uid 1234)"), std::string::npos);
}

TEST_F(OutputFile, FailureNamesTheFileAndTheReason) {
    const auto stream = create_output_file(path("no/such/folder"));
    ASSERT_FALSE(stream);
    EXPECT_EQ(stream.error().message,
              "cannot create " + path("no/such/folder") + ": No such file or directory");
}

TEST_F(OutputFile, FifoWaitsForItsReader) {
    const std::string fifo = path("fifo");
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    std::string read;
    std::thread reader([&] { read = content(fifo); });
    {
        const auto stream = create_output_file(fifo);
        ASSERT_TRUE(stream);
        (*stream)->write("through");
    }
    reader.join();
    EXPECT_EQ(read, "through");
}

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

}  // namespace
}  // namespace sslsniff
