#include "app/privileges.h"

#include <cap-ng.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>

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

class PrivilegesTest : public testing::Test {
  protected:
    void SetUp() override {
        if (::geteuid() != 0) {
            GTEST_SKIP() << "needs root";
        }
    }
};

TEST_F(PrivilegesTest, RootBecomesNobodyButKeepsWhatIsOpen) {
    EXPECT_EQ(in_child([] {
                  const int open = ::open("/etc/shadow", O_RDONLY | O_CLOEXEC);
                  if (!drop_privileges({}, false)) {
                      return 1;
                  }
                  char byte = 0;
                  return capng_get_caps_process() == 0 && ::getuid() == 65534 && ::geteuid() == 65534 &&
                                 ::getgid() == 65534 && ::getgroups(0, nullptr) == 0 &&
                                 capng_have_capabilities(CAPNG_SELECT_CAPS) == CAPNG_NONE &&
                                 ::setuid(0) != 0 && ::read(open, &byte, 1) == 1 &&
                                 ::open("/etc/shadow", O_RDONLY | O_CLOEXEC) == -1
                             ? 0
                             : 2;
              }),
              0);
}

TEST_F(PrivilegesTest, WithSudoItBecomesTheCaller) {
    EXPECT_EQ(in_child([] {
                  const bool dropped = drop_privileges(FileOwner{12345, 12346}, false).has_value();
                  return dropped && ::geteuid() == 12345 && ::getegid() == 12346 ? 0 : 1;
              }),
              0);
}

TEST_F(PrivilegesTest, WhoCreatesFilesLaterKeepsWhatThatNeeds) {
    std::string folder = testing::TempDir() + "privileges.XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    ASSERT_EQ(::chown(folder.c_str(), 12345, 12345), 0);
    EXPECT_EQ(in_child([&] {
                  if (!drop_privileges({}, true)) {
                      return 1;
                  }
                  const int fd = ::open((folder + "/x").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
                  return capng_get_caps_process() == 0 && fd >= 0 && ::fchown(fd, 12345, 12345) == 0 &&
                                 capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN) == 0 &&
                                 capng_have_capability(CAPNG_PERMITTED, CAP_BPF) == 0 &&
                                 capng_have_capability(CAPNG_PERMITTED, CAP_SYS_PTRACE) == 0
                             ? 0
                             : 2;
              }),
              0);
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace sslsniff
