#include "output/pcapng/rotating_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "output/pcapng/pcapng_sink.h"
#include "support/event_script.h"

namespace sslsniff {
namespace {

using namespace std::chrono_literals;

class RotatingFilesTest : public testing::Test {
  protected:
    RotatingFilesTest() {
        std::string pattern = testing::TempDir() + "rotate.XXXXXX";
        folder_ = mkdtemp(pattern.data());
    }
    ~RotatingFilesTest() override { std::filesystem::remove_all(folder_); }

    std::set<std::string> names() const {
        std::set<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
            found.insert(entry.path().filename());
        }
        return found;
    }
    std::unique_ptr<RotatingFiles> create(const std::string& name, RotationOptions options) {
        return RotatingFiles::create(folder_ / name, options, time_).value();
    }

    std::filesystem::path folder_;
    Timestamp time_{std::chrono::seconds(1'782'000'000)};
};

TEST_F(RotatingFilesTest, SizeNumbersTheFiles) {
    const auto files = create("a", {.max_size = 100});
    EXPECT_FALSE(files->is_due(time_, 99));
    EXPECT_TRUE(files->is_due(time_, 100));
    ASSERT_TRUE(files->next(time_));
    ASSERT_TRUE(files->next(time_));
    EXPECT_EQ(names(), (std::set<std::string>{"a", "a1", "a2"}));
}

TEST_F(RotatingFilesTest, ALimitMakesARing) {
    const auto files = create("a", {.max_size = 100, .max_files = 11});
    for (int i = 0; i < 25; ++i) {
        ASSERT_TRUE(files->next(time_));
    }
    EXPECT_EQ(names().size(), 11U);
    EXPECT_TRUE(names().contains("a00"));
    EXPECT_TRUE(names().contains("a10"));
    EXPECT_FALSE(files->is_finished());
}

TEST_F(RotatingFilesTest, TimeGoesIntoTheName) {
    setenv("TZ", "UTC", 1);
    const auto files = create("%Y-%S", {.max_files = 2, .interval = 10s});
    EXPECT_FALSE(files->is_due(time_, 1 << 30));
    EXPECT_FALSE(files->is_due(time_ + 9s, 0));
    ASSERT_TRUE(files->is_due(time_ + 12s, 0));
    ASSERT_TRUE(files->next(time_ + 12s));
    EXPECT_EQ(names(), (std::set<std::string>{"2026-00", "2026-12"}));
    EXPECT_FALSE(files->is_due(time_ + 21s, 0));
    ASSERT_TRUE(files->is_due(time_ + 22s, 0));
    ASSERT_TRUE(files->next(time_ + 22s));
    EXPECT_TRUE(files->is_finished());
    EXPECT_EQ(names().size(), 2U);
}

TEST_F(RotatingFilesTest, OnlyTheUserReadsThem) {
    const auto files = create("a", {});
    struct stat status{};
    ASSERT_EQ(stat((folder_ / "a").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(RotatingFilesTest, OpenConnectionsAppearInEveryFile) {
    const auto files = create("a", {.max_size = 3000});
    PcapngSink sink({}, *files, {}, {});
    test::EventScript script(sink, {1, 1, 1, 1});
    script.process("curl").open().endpoints(Role::client, "10.0.0.1:50000", "10.0.0.2:443");
    for (int i = 0; i < 8; ++i) {
        script.sent(std::string(900, 'x'));
    }
    ASSERT_TRUE(sink.finish());
    EXPECT_GE(names().size(), 3U);
    for (const std::string& name : names()) {
        // At most one packet over the limit, with section, interfaces and handshake of its own.
        EXPECT_LT(std::filesystem::file_size(folder_ / name), 3000U + 4000U) << name;
        EXPECT_GT(std::filesystem::file_size(folder_ / name), 1000U) << name;
    }
}

}  // namespace
}  // namespace sslsniff
