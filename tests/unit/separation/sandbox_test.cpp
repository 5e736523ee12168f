#include "separation/sandbox.h"

#include <cap-ng.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "separation/reader_user.h"

namespace sslsniff {
namespace {

/// Runs `body` in a child, which may lose its privileges; its result is the exit status.
int in_child(const std::function<int()>& body) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::_exit(body());
    }
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class SandboxTest : public testing::Test {
  protected:
    void SetUp() override {
        if (::geteuid() != 0) {
            GTEST_SKIP() << "needs root";
        }
    }
};

constexpr FileOwner kStranger{12345, 12346};

TEST_F(SandboxTest, RootBecomesTheUserButKeepsWhatIsOpen) {
    EXPECT_EQ(in_child([] {
                  const int open = ::open("/etc/shadow", O_RDONLY | O_CLOEXEC);
                  if (!enter_sandbox(kStranger)) {
                      return 1;
                  }
                  char byte = 0;
                  return capng_get_caps_process() == 0 && ::getuid() == kStranger.uid &&
                                 ::geteuid() == kStranger.uid && ::getegid() == kStranger.gid &&
                                 ::getgroups(0, nullptr) == 0 &&
                                 capng_have_capabilities(CAPNG_SELECT_CAPS) == CAPNG_NONE &&
                                 ::setuid(0) != 0 && ::read(open, &byte, 1) == 1 &&
                                 ::open("/etc/shadow", O_RDONLY | O_CLOEXEC) == -1
                             ? 0
                             : 2;
              }),
              0);
}

class SystemCallFilterTest : public SandboxTest {
  protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (!has_system_call_filter()) {
            GTEST_SKIP() << "sanitizers need more system calls";
        }
    }
};

/// What is done in the sandbox, 0 when it is denied with EPERM.
int denied(const std::function<long()>& call) {
    return in_child([&] {
        if (!enter_sandbox({::geteuid(), ::getegid()})) {
            return 1;
        }
        errno = 0;
        return call() == -1 && errno == EPERM ? 0 : 2;
    });
}

TEST_F(SystemCallFilterTest, NothingIsCreatedChangedOrRemovedByName) {
    std::string folder = testing::TempDir() + "sandbox.XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    ASSERT_EQ(::chmod(folder.c_str(), 0777), 0);
    const std::string file = folder + "/file";
    std::ofstream(file) << "x";
    ASSERT_EQ(::chmod(file.c_str(), 0666), 0);
    EXPECT_EQ(denied([&] { return ::open((folder + "/new").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600); }),
              0);
    EXPECT_EQ(denied([&] { return ::open(file.c_str(), O_WRONLY | O_CLOEXEC); }), 0);
    EXPECT_EQ(denied([&] { return ::open(file.c_str(), O_RDONLY | O_TRUNC | O_CLOEXEC); }), 0);
    EXPECT_EQ(denied([&] { return ::unlink(file.c_str()); }), 0);
    EXPECT_EQ(denied([&] { return ::rename(file.c_str(), (folder + "/other").c_str()); }), 0);
    EXPECT_EQ(denied([&] { return ::mkdir((folder + "/sub").c_str(), 0700); }), 0);
    EXPECT_EQ(denied([&] { return ::link(file.c_str(), (folder + "/link").c_str()); }), 0);
    EXPECT_EQ(denied([&] { return ::chmod(file.c_str(), 0600); }), 0);
    EXPECT_EQ(in_child([&] {
                  return enter_sandbox(kStranger) && ::open(file.c_str(), O_RDONLY | O_CLOEXEC) >= 0 ? 0 : 1;
              }),
              0);
    std::filesystem::remove_all(folder);
}

TEST_F(SystemCallFilterTest, OtherProcessesAreOutOfReach) {
    EXPECT_EQ(denied([] { return ::kill(::getppid(), 0); }), 0);
    EXPECT_EQ(denied([] { return ::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr); }), 0);
    EXPECT_EQ(denied([] { return ::fork(); }), 0);
    EXPECT_EQ(denied([] { return ::execl("/bin/true", "true", nullptr); }), 0);
    EXPECT_EQ(denied([] { return ::syscall(SYS_bpf, 0, nullptr, 0); }), 0);
}

TEST_F(SystemCallFilterTest, ThreadsCanBeMade) {
    EXPECT_EQ(in_child([] {
                  if (!enter_sandbox(kStranger)) {
                      return 1;
                  }
                  int done = 1;
                  std::thread([&done] { done = 0; }).join();
                  return done;
              }),
              0);
}

TEST(ReaderUserTest, IsNeverRoot) {
    EXPECT_EQ(find_reader_user("root").error().kind, ErrorKind::usage);
    EXPECT_EQ(find_reader_user("0").error().kind, ErrorKind::usage);
    EXPECT_EQ(find_reader_user("no such user").error().kind, ErrorKind::not_found);
    EXPECT_EQ(find_reader_user("54321")->uid, 54321U);
    EXPECT_NE(find_reader_user(std::nullopt)->uid, 0U);
}

}  // namespace
}  // namespace sslsniff
