#include "output/otlp/spool.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "output/otlp/request_queue.h"

namespace sslsniff {
namespace {

namespace fs = std::filesystem;

class SpoolTest : public testing::Test {
  protected:
    SpoolTest() {
        std::string form = (fs::temp_directory_path() / "spoolXXXXXX").string();
        folder_ = fs::path(::mkdtemp(form.data()));
    }
    SpoolTest(const SpoolTest&) = delete;
    SpoolTest& operator=(const SpoolTest&) = delete;
    ~SpoolTest() override { fs::remove_all(folder_); }

    FileRules rules_;
    std::string path() const { return (folder_ / "spool").string(); }
    std::vector<std::string> names() const {
        std::vector<std::string> out;
        for (const auto& entry : fs::directory_iterator(path())) {
            out.push_back(entry.path().filename().string());
        }
        std::ranges::sort(out);
        return out;
    }
    void put(const std::string& name, const std::string& content) const {
        std::ofstream(fs::path(path()) / name, std::ios::binary) << content;
    }

    fs::path folder_;
};

TEST(SpoolNameTest, IsReadAsItIsWritten) {
    const SpoolFile file{42, SpoolKind::metrics, 512, 0};
    EXPECT_EQ(file.name(), "00000000000000000042.metrics.512");
    const auto read = parse_spool_name(file.name());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->number, 42);
    EXPECT_EQ(read->kind, SpoolKind::metrics);
    EXPECT_EQ(read->items, 512);
}

TEST(SpoolNameTest, OthersAreNone) {
    for (const char* name : {"", ".", "..", "unfinished", "42.traces.1", "00000000000000000042.traces",
                             "00000000000000000042.logs.1", "00000000000000000042.traces.01",
                             "00000000000000000042.traces.1.gz", "99999999999999999999.traces.1"}) {
        EXPECT_FALSE(parse_spool_name(name)) << name;
    }
}

TEST_F(SpoolTest, KeepsWhatIsNotRemovedForTheNext) {
    {
        Spool spool(path(), 1000, rules_);
        ASSERT_TRUE(spool.open());
        const auto first = spool.write(SpoolKind::traces, 3, "first");
        const auto second = spool.write(SpoolKind::metrics, 4, "second");
        ASSERT_TRUE(first && second);
        EXPECT_EQ(spool.read(*first), "first");
        spool.remove(*first);
        EXPECT_EQ(names(), std::vector<std::string>{second->name()});
        EXPECT_EQ(fs::status(path()).permissions(), fs::perms::owner_all);
    }
    Spool spool(path(), 1000, rules_);
    ASSERT_TRUE(spool.open());
    const auto found = spool.take_found();
    ASSERT_EQ(found.size(), 1);
    EXPECT_EQ(found[0].items, 4);
    EXPECT_EQ(spool.read(found[0]), "second");
    EXPECT_GT(spool.write(SpoolKind::traces, 1, "third")->number, found[0].number);
}

TEST_F(SpoolTest, IsBounded) {
    Spool spool(path(), 10, rules_);
    ASSERT_TRUE(spool.open());
    const auto file = spool.write(SpoolKind::traces, 1, "123456");
    ASSERT_TRUE(file);
    EXPECT_TRUE(spool.has_room(4));
    EXPECT_FALSE(spool.has_room(5));
    EXPECT_FALSE(spool.has_room(11));
    spool.remove(*file);
    EXPECT_TRUE(spool.has_room(10));
}

TEST_F(SpoolTest, HasOneUserAtATime) {
    Spool first(path(), 10, rules_);
    ASSERT_TRUE(first.open());
    Spool second(path(), 10, rules_);
    const auto opened = second.open();
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find("another sslsniff spools in"), std::string::npos);
}

TEST_F(SpoolTest, WhatIsDamagedIsNotSent) {
    fs::create_directory(path());
    put("00000000000000000001.traces.5", "");
    put("unfinished", "half");
    put("README", "not ours");
    fs::create_symlink("/etc/passwd", fs::path(path()) / "00000000000000000002.traces.5");
    Spool spool(path(), 1000, rules_);
    ASSERT_TRUE(spool.open());
    RequestQueue queue(&spool);
    EXPECT_EQ(queue.items(), 5);
    EXPECT_FALSE(queue.front());
    queue.pop();
    EXPECT_TRUE(queue.is_empty());
    EXPECT_TRUE(fs::exists(fs::path(path()) / "README"));
    EXPECT_FALSE(fs::exists(fs::path(path()) / "unfinished"));
}

TEST_F(SpoolTest, AQueueIsInTheFolderAlone) {
    Spool spool(path(), 10, rules_);
    ASSERT_TRUE(spool.open());
    RequestQueue queue(&spool);
    EXPECT_TRUE(queue.push({SpoolKind::traces, 2, "12345678"}));
    EXPECT_FALSE(queue.push({SpoolKind::traces, 2, "12345678"})) << "the spool's bound counts";
    EXPECT_EQ(queue.items(), 2);
    EXPECT_EQ(queue.spooled_items(), 2);
    EXPECT_EQ(queue.front()->body, "12345678");
    queue.pop();
    EXPECT_TRUE(names().empty());
}

TEST_F(SpoolTest, MemoryTakesThePlaceOfAFolderThatFails) {
    Spool spool(path(), 1000, rules_);
    ASSERT_TRUE(spool.open());
    RequestQueue queue(&spool);
    fs::remove_all(path());
    EXPECT_TRUE(queue.push({SpoolKind::traces, 2, "body"}));
    EXPECT_NE(queue.take_remark().find("what waits is kept in memory"), std::string::npos);
    EXPECT_EQ(queue.spooled_items(), 0);
    EXPECT_EQ(queue.front()->body, "body");
}

}  // namespace
}  // namespace sslsniff
