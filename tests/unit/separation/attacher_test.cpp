// The process that makes files, asked by this one: it never gives up its own rights here, so what is denied
// is denied by what was granted.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "output/files/output_file.h"
#include "output/files/private_folder.h"
#include "separation/separation.h"

namespace sslsniff::separation {
namespace {

namespace fs = std::filesystem;

class AttacherTest : public testing::Test {
  protected:
    AttacherTest() {
        std::string form = (fs::temp_directory_path() / "attacherXXXXXX").string();
        folder_ = fs::path(::mkdtemp(form.data()));
        auto link = start_attacher(nullptr, std::nullopt);
        EXPECT_TRUE(link);
        link_ = *std::move(link);
    }
    AttacherTest(const AttacherTest&) = delete;
    AttacherTest& operator=(const AttacherTest&) = delete;
    ~AttacherTest() override { fs::remove_all(folder_); }

    std::string path(const std::string& name) const { return (folder_ / name).string(); }
    static std::string content(const std::string& path) {
        std::ostringstream text;
        text << std::ifstream(path).rdbuf();
        return text.str();
    }
    void seal() {
        const auto sealed = link_->ask(ask::Seal());
        ASSERT_TRUE(sealed && sealed->done);
    }

    fs::path folder_;
    FileRules rules_;
    std::unique_ptr<AttacherLink> link_;
};

TEST_F(AttacherTest, OpensFurtherFilesOfARowAndNothingElse) {
    link_->send(ask::GrantRow{{path("a.json"), "-o json:a.json", false}});
    seal();
    auto file = link_->open_file(0, path("a.json12"));
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(::write(file->fd.get(), "x", 1), 1);
    EXPECT_EQ(content(path("a.json12")), "x");
    EXPECT_TRUE(link_->has_file(0, path("a.json12"), file->identity));
    EXPECT_FALSE(link_->has_file(0, path("a.json1"), file->identity));
    for (const std::string& name : {path("b.json"), path("a.jsonx"), path("../a.json"), std::string("/etc/x"),
                                    path("a.json/../../x"), path("a.json") + '\0' + "1", std::string()}) {
        EXPECT_EQ(link_->open_file(0, name).error().kind, ErrorKind::permission) << name;
    }
    EXPECT_FALSE(link_->open_file(1, path("a.json")));
    EXPECT_FALSE(link_->create_anew(path("new")));
    EXPECT_FALSE(fs::exists(path("new")));
}

TEST_F(AttacherTest, NothingIsGrantedAfterTheSeal) {
    seal();
    link_->send(ask::GrantRow{{path("a.json"), "", false}});
    link_->send(ask::GrantNewFiles());
    const UniqueFd folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    link_->send(ask::GrantFolder(), folder.get());
    EXPECT_FALSE(link_->open_file(0, path("a.json")));
    EXPECT_FALSE(link_->create_anew(path("a.json")));
    EXPECT_FALSE(link_->create(0, "a"));
    EXPECT_EQ(errno, EPERM);
    EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(AttacherTest, AFileOfAnotherOutputIsNotEmptied) {
    std::ofstream(path("b.json")) << "kept";
    struct stat status{};
    ASSERT_EQ(::stat(path("b.json").c_str(), &status), 0);
    ASSERT_EQ(::chmod(path("b.json").c_str(), 0600), 0);
    link_->send(ask::GrantRow{{path("%a.json"), "-o json:%a.json", false}});
    link_->send(ask::GrantClaim{FileIdentity::of(status), "-o text:b.json"});
    seal();
    const auto opened = link_->open_file(0, path("b.json"));
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find("it is also -o text:b.json"), std::string::npos);
    EXPECT_EQ(content(path("b.json")), "kept");
}

TEST_F(AttacherTest, MakesFilesInItsFolders) {
    ASSERT_EQ(::mkdir(path("bodies").c_str(), 0700), 0);
    std::ofstream(path("secret")) << "secret";
    const UniqueFd folder(::open(path("bodies").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    link_->send(ask::GrantFolder(), folder.get());
    seal();
    UniqueFd file = link_->create(0, "part");
    ASSERT_TRUE(file);
    EXPECT_EQ(::write(file.get(), "one", 3), 3);
    EXPECT_FALSE(link_->create(0, "part"));
    EXPECT_EQ(errno, EEXIST);
    file = link_->append_to(0, "part");
    ASSERT_TRUE(file);
    EXPECT_EQ(::write(file.get(), "two", 3), 3);
    EXPECT_TRUE(link_->rename_new(0, "part", "body"));
    EXPECT_EQ(content(path("bodies/body")), "onetwo");
    file = link_->read(0, "body");
    ASSERT_TRUE(file);
    for (const std::string& name : {std::string("../secret"), std::string(".."), std::string("."),
                                    std::string(), path("secret"), std::string("x\0y", 3)}) {
        EXPECT_FALSE(link_->create(0, name)) << name;
        EXPECT_FALSE(link_->read(0, name)) << name;
        EXPECT_FALSE(link_->append_to(0, name)) << name;
        EXPECT_FALSE(link_->remove(0, name)) << name;
        EXPECT_FALSE(link_->rename_new(0, "body", name)) << name;
        EXPECT_FALSE(link_->rename_new(0, name, "other")) << name;
    }
    EXPECT_TRUE(link_->remove(0, "body"));
    EXPECT_EQ(content(path("secret")), "secret");
}

TEST_F(AttacherTest, OutputsDoNotNoticeWhoMakesTheirFiles) {
    OutputFile file({path("row"), "-o text:row", {.max_size = 10, .max_files = 2}, false}, rules_, nullptr);
    PrivateFolder folder(path("bodies"), "save in", rules_);
    ASSERT_TRUE(file.check({}) && file.open({}) && folder.open());
    for (const OutputRow& row : rules_.rows()) {
        link_->send(ask::GrantRow{row});
    }
    for (const int fd : rules_.folders()) {
        link_->send(ask::GrantFolder(), fd);
    }
    for (const auto& [identity, user] : rules_.claims()) {
        link_->send(ask::GrantClaim{identity, user});
    }
    seal();
    rules_.hand_over(*link_);
    for (const char* text : {"0123456789", "abcdefghij", "ABCDEFGHIJ"}) {
        ASSERT_TRUE(file.advance_to({}));
        file.write(text);
    }
    ASSERT_TRUE(file.flush());
    EXPECT_EQ(content(path("row0")), "ABCDEFGHIJ");
    EXPECT_EQ(content(path("row1")), "abcdefghij");
    EXPECT_TRUE(folder.create("x"));
    EXPECT_TRUE(fs::exists(path("bodies/x")));
    ASSERT_TRUE(file.reopen());
    EXPECT_EQ(content(path("row0")), "ABCDEFGHIJ");
    fs::rename(path("row0"), path("elsewhere"));
    ASSERT_TRUE(file.reopen());
    file.write("new");
    ASSERT_TRUE(file.flush());
    EXPECT_EQ(content(path("row0")), "new");
    EXPECT_EQ(content(path("elsewhere")), "ABCDEFGHIJ");
}

TEST_F(AttacherTest, SaysThatItDoesNotCapture) {
    EXPECT_FALSE(link_->send(ask::AttachWanted{std::string(kLongestMessage, 'x')}));  // too long
    const auto started = link_->ask(ask::Start());
    ASSERT_TRUE(started);
    EXPECT_FALSE(started->outcome.done);
    EXPECT_FALSE(link_->has_ended());
}

}  // namespace
}  // namespace sslsniff::separation
