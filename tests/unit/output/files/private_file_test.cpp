#include "output/files/private_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace sslsniff {
namespace {

namespace fs = std::filesystem;
constexpr uid_t kStranger = 12345;

class PrivateFileTest : public testing::Test {
  protected:
    PrivateFileTest() {
        std::string pattern = (fs::temp_directory_path() / "sslsniff-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    ~PrivateFileTest() override { fs::remove_all(folder_); }

    std::string path(const std::string& name) const { return (folder_ / name).string(); }
    std::string content(const std::string& name) const {
        std::ifstream file(folder_ / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    struct stat status(const std::string& name) const {
        struct stat status{};
        EXPECT_EQ(::lstat(path(name).c_str(), &status), 0) << name;
        return status;
    }
    void put(const std::string& name, mode_t mode) const {
        std::ofstream(folder_ / name) << "old";
        ASSERT_EQ(::chmod(path(name).c_str(), mode), 0);
    }
    void give_away(const std::string& name) const {
        ASSERT_EQ(::lchown(path(name).c_str(), kStranger, kStranger), 0);
    }
    Result<UniqueFd> open(const std::string& name) {
        const auto file = PrivateFile::find(path(name), rules_);
        return file ? file->open(rules_) : std::unexpected(file.error());
    }
    /// Opens and writes "new".
    void write(const std::string& name) {
        const auto fd = open(name);
        ASSERT_TRUE(fd) << fd.error().message;
        ASSERT_EQ(::write(fd->get(), "new", 3), 3);
    }
    std::string refusal(const std::string& name) {
        const auto fd = open(name);
        EXPECT_FALSE(fd);
        return fd ? "" : fd.error().message;
    }

    fs::path folder_;
    FileRules rules_;
};

TEST_F(PrivateFileTest, NewOnesAreForTheirOwnerAlone) {
    write("new");
    EXPECT_EQ(content("new"), "new");
    EXPECT_EQ(status("new").st_mode & 07777, 0600U);
    EXPECT_EQ(status("new").st_uid, ::geteuid());
}

TEST_F(PrivateFileTest, LookingChangesNothing) {
    put("old", 0644);
    ASSERT_TRUE(PrivateFile::find(path("old"), rules_));
    ASSERT_TRUE(PrivateFile::find(path("new"), rules_));
    EXPECT_EQ(content("old"), "old");
    EXPECT_EQ(status("old").st_mode & 07777, 0644U);
    EXPECT_FALSE(fs::exists(path("new")));
}

TEST_F(PrivateFileTest, APrivateOneIsEmptied) {
    put("mine", 0600);
    const auto before = status("mine").st_ino;
    write("mine");
    EXPECT_EQ(content("mine"), "new");
    EXPECT_EQ(status("mine").st_ino, before);
}

/// Who has the old file open, or another name for it, does not see what is written now.
TEST_F(PrivateFileTest, WhatOthersCanReadIsReplaced) {
    put("open", 0644);
    put("linked", 0600);
    fs::create_hard_link(path("linked"), path("second name"));
    std::ifstream reader(path("open"));
    const auto before = status("open").st_ino;
    write("open");
    write("linked");
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(reader), {}), "old");
    EXPECT_NE(status("open").st_ino, before);
    EXPECT_EQ(content("open"), "new");
    EXPECT_EQ(status("open").st_mode & 07777, 0600U);
    EXPECT_EQ(content("second name"), "old");
    EXPECT_EQ(content("linked"), "new");
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 3) << "a temporary file is left";
}

TEST_F(PrivateFileTest, LinksAreFollowedToTheirEnd) {
    fs::create_directory(path("sub"));
    fs::create_symlink("sub/target", path("relative"));
    fs::create_symlink(path("relative"), path("absolute"));
    write("absolute");
    EXPECT_EQ(content("sub/target"), "new");
    EXPECT_TRUE(fs::is_symlink(path("absolute")));
    fs::create_symlink("circle", path("circle"));
    EXPECT_NE(refusal("circle").find("Too many levels of symbolic links"), std::string::npos);
}

TEST_F(PrivateFileTest, WhatIsNoFileIsNamed) {
    EXPECT_EQ(refusal("no/such/folder"),
              "cannot create " + path("no/such/folder") + ": No such file or directory");
    EXPECT_EQ(refusal(""), "cannot create " + path("") + ": Is a directory");
    fs::create_directory(path("folder"));
    EXPECT_EQ(refusal("folder"), "cannot create " + path("folder") + ": Is a directory");
    const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path("socket").copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(refusal("socket"),
              "cannot create " + path("socket") + ": it is a socket; give a file or a FIFO");
    EXPECT_EQ(refusal("\x1b/x"), "cannot create " + path("\\x1b/x") + ": No such file or directory");
}

TEST_F(PrivateFileTest, AFifoHasNoDescriptorBeforeItsReader) {
    ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
    auto fd = open("fifo");
    ASSERT_TRUE(fd);
    EXPECT_FALSE(*fd);
    const UniqueFd reader(::open(path("fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    fd = open("fifo");
    ASSERT_TRUE(fd);
    EXPECT_TRUE(*fd);
}

TEST_F(PrivateFileTest, WhatIsOfAnotherUserIsRefused) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root can give files away";
    }
    put("file", 0666);
    give_away("file");
    const std::string reason = "it belongs to another user (uid 12345); remove it, or give another path";
    EXPECT_EQ(refusal("file"), "cannot create " + path("file") + ": " + reason);
    EXPECT_EQ(content("file"), "old");
    ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0666), 0);
    give_away("fifo");
    EXPECT_EQ(refusal("fifo"), "cannot create " + path("fifo") + ": " + reason);
    fs::create_symlink(path("target"), path("link"));
    give_away("link");
    EXPECT_EQ(refusal("link"),
              "cannot create " + path("link") +
                  ": it is a symbolic link of another user (uid 12345); give the path it leads to, "
                  "or remove it");
    EXPECT_FALSE(fs::exists(path("target")));
}

TEST_F(PrivateFileTest, WithSudoTheyBelongToTheCaller) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root can give files away";
    }
    rules_ = FileRules(FileOwner{kStranger, kStranger + 1});
    write("new");
    EXPECT_EQ(status("new").st_uid, kStranger);
    EXPECT_EQ(status("new").st_gid, kStranger + 1);
    put("old", 0640);
    give_away("old");
    write("old");
    EXPECT_EQ(content("old"), "new");
    EXPECT_EQ(status("old").st_uid, kStranger);
    EXPECT_EQ(status("old").st_mode & 07777, 0600U);
    // A limited right to sudo must not become one to write anywhere.
    fs::create_symlink(path("target"), path("link"));
    give_away("link");
    EXPECT_NE(refusal("link").find("symbolic link of another user"), std::string::npos);
}

TEST(SudoCaller, IsKnownToRootAlone) {
    const auto with = [](const char* uid, const char* gid) {
        ::setenv("SUDO_UID", uid, 1);
        ::setenv("SUDO_GID", gid, 1);
        const auto caller = sudo_caller();
        ::unsetenv("SUDO_UID");
        ::unsetenv("SUDO_GID");
        return caller;
    };
    EXPECT_FALSE(sudo_caller());
    EXPECT_FALSE(with("0", "0"));
    EXPECT_FALSE(with("1000x", "1000"));
    EXPECT_FALSE(with("-1", "1000"));
    const auto caller = with("1000", "1001");
    ASSERT_EQ(caller.has_value(), ::geteuid() == 0);
    if (caller) {
        EXPECT_EQ(caller->uid, 1000U);
        EXPECT_EQ(caller->gid, 1001U);
    }
}

TEST_F(PrivateFileTest, AppendsToWholeLines) {
    const auto append = [this](const std::string& name) {
        const auto file = PrivateFile::find(path(name), rules_);
        ASSERT_TRUE(file) << file.error().message;
        const auto fd = file->open(rules_, PrivateFile::Existing::append);
        ASSERT_TRUE(fd) << fd.error().message;
        ASSERT_EQ(::write(fd->get(), "new\n", 4), 4);
    };
    append("fresh");
    EXPECT_EQ(status("fresh").st_mode & 0777U, 0600U);
    append("fresh");
    EXPECT_EQ(content("fresh"), "new\nnew\n");
    put("cut", 0600);
    append("cut");
    EXPECT_EQ(content("cut"), "old\nnew\n") << "the line that was cut off is ended";
    std::ofstream(folder_ / "empty");
    ASSERT_EQ(::chmod(path("empty").c_str(), 0600), 0);
    append("empty");
    EXPECT_EQ(content("empty"), "new\n");
}

TEST_F(PrivateFileTest, NothingIsAddedToWhatOthersRead) {
    put("open", 0644);
    const auto file = PrivateFile::find(path("open"), rules_);
    ASSERT_TRUE(file);
    EXPECT_FALSE(file->check_append());
    const auto fd = file->open(rules_, PrivateFile::Existing::append);
    ASSERT_FALSE(fd);
    EXPECT_NE(fd.error().message.find("chmod 600"), std::string::npos) << fd.error().message;
    EXPECT_EQ(content("open"), "old");
}

}  // namespace
}  // namespace sslsniff
