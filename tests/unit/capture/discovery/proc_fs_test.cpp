#include "capture/discovery/proc_fs.h"

#include <gtest/gtest.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "unit/capture/discovery/temp_folder.h"

namespace sslsniff {
namespace {

TEST(ProcMaps, ExecutableFileMappings) {
    const auto mappings = parse_executable_mappings(
        "55d0c0000000-55d0c0001000 r--p 00000000 fe:00 12 /usr/bin/a\n"
        "55d0c0001000-55d0c0003000 r-xp 00001000 fe:00 12                         /usr/bin/a b  c\n"
        "7f0000000000-7f0000001000 rwxp 00000000 00:00 0 \n"
        "7f0000002000-7f0000003000 r-xp 00000000 00:2f 77 /lib/libssl.so.3 (deleted)\n"
        "7f0000004000-7f0000005000 r-xs 00000000 08:01 78 /tmp/evil\\012name\n"
        "7ffd00000000-7ffd00001000 r-xp 00000000 00:00 0 [vdso]\n"
        "7ffd00000000-7ffd00001000 r-xp 00000000 00:00 5 anon_inode:[perf]\n");
    ASSERT_EQ(mappings.size(), 3U);
    EXPECT_EQ(mappings[0].start, 0x55d0c0001000U);
    EXPECT_EQ(mappings[0].end, 0x55d0c0003000U);
    EXPECT_EQ(mappings[0].file_offset, 0x1000U);
    EXPECT_EQ(mappings[0].device, makedev(0xfe, 0));
    EXPECT_EQ(mappings[0].inode, 12U);
    EXPECT_EQ(mappings[0].path, "/usr/bin/a b  c");
    EXPECT_FALSE(mappings[0].deleted);
    EXPECT_EQ(mappings[1].path, "/lib/libssl.so.3");
    EXPECT_TRUE(mappings[1].deleted);
    EXPECT_EQ(mappings[1].device, makedev(0, 0x2f));
    EXPECT_EQ(mappings[2].path, "/tmp/evil\nname");
}

TEST(ProcMaps, DamagedLinesAreLeftOut) {
    const std::string line = "7f0000002000-7f0000003000 r-xp 00000000 00:2f 77 /lib/libssl.so.3";
    for (std::size_t length = 0; length < line.find("/lib") + 1; ++length) {
        EXPECT_TRUE(parse_executable_mappings(line.substr(0, length)).empty()) << length;
    }
    EXPECT_EQ(parse_executable_mappings(line).size(), 1U);
    EXPECT_TRUE(parse_executable_mappings("9-1 r-xp 0 0:0 1 /x\n").empty());
}

class FakeProc : public testing::Test {
  protected:
    void add(pid_t pid, std::string_view comm, pid_t parent, std::string_view status = {}) const {
        const std::string folder = std::to_string(pid) + "/";
        folder_.write(folder + "stat", std::to_string(pid) + " (" + std::string(comm) + ") S " +
                                           std::to_string(parent) +
                                           " 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 250 999 1\n");
        folder_.write(folder + "status", status);
        folder_.write(folder + "maps", "");
    }
    test::TempFolder folder_;
    ProcFs proc_{folder_.path()};
};

TEST_F(FakeProc, StatusSurvivesHostileNames) {
    add(42, "a) R 1 (\nb", 7, "Name:\ta) R 1 (\\nUid:\t5\nUid:\t1000\t0\t0\t0\nNSpid:\t42\t3\n");
    folder_.write("42/cgroup", "0::/system.slice/docker-" + std::string(64, 'a') + ".scope\n");
    folder_.link("42/exe", "/opt/my app (deleted)");
    const auto status = proc_.status(42);
    ASSERT_TRUE(status.has_value());
    EXPECT_EQ(status->info.comm, "a) R 1 (\nb");
    EXPECT_EQ(status->info.key.pid, 42U);
    EXPECT_EQ(status->info.key.start_time,
              250ULL * 1'000'000'000U / static_cast<unsigned>(::sysconf(_SC_CLK_TCK)));
    EXPECT_EQ(status->parent, 7);
    EXPECT_EQ(status->info.uid, 1000U);
    EXPECT_EQ(status->pid_in_namespace, 3);
    EXPECT_EQ(status->info.container_id, std::string(64, 'a'));
    EXPECT_EQ(status->info.exe, "/opt/my app");
    EXPECT_TRUE(status->exe_deleted);
}

TEST_F(FakeProc, VanishedProcessIsGone) {
    const auto status = proc_.status(99);
    ASSERT_FALSE(status.has_value());
    EXPECT_TRUE(status.error().gone);
    EXPECT_EQ(status.error().message, "process 99 does not exist");
    EXPECT_TRUE(proc_.executable_mappings(99).error().gone);
}

TEST_F(FakeProc, ListsAndFamilies) {
    add(1, "init", 0);
    add(20, "parent", 1);
    add(30, "child", 20);
    add(31, "grandchild", 30);
    add(40, "other", 1);
    folder_.write("self/stat", "");
    folder_.write("12x/stat", "");
    EXPECT_EQ(proc_.processes().value(), (std::vector<pid_t>{1, 20, 30, 31, 40}));
    EXPECT_EQ(proc_.with_descendants({20, 99}), (std::vector<pid_t>{20, 30, 31}));
}

TEST_F(FakeProc, KnowsZombiesAndWhoHadChildren) {
    add(7, "server", 1);
    EXPECT_TRUE(proc_.status(7)->had_children);
    EXPECT_FALSE(proc_.status(7)->is_zombie);
    folder_.write("7/stat", "7 (x) Z 1 1 1 0 -1 4194560 1 0 3 0 5 6 0 0 20 0 1 0 250 999 1\n");
    EXPECT_FALSE(proc_.status(7)->had_children);
    EXPECT_TRUE(proc_.status(7)->is_zombie);
}

TEST_F(FakeProc, CountsKernelTlsSessions) {
    add(7, "nginx", 1);
    EXPECT_EQ(proc_.kernel_tls_sessions(7), 0U);  // a kernel without kTLS
    folder_.write("7/net/tls_stat",
                  "TlsCurrTxSw                     \t2\nTlsCurrRxSw                     \t1\n"
                  "TlsCurrTxDevice                 \t0\nTlsTxSw                         \t90\n");
    EXPECT_EQ(proc_.kernel_tls_sessions(7), 3U);
}

TEST_F(FakeProc, SeesIoUrings) {
    add(7, "server", 1);
    EXPECT_FALSE(proc_.uses_io_uring(7));
    folder_.write("7/fd/0", "");
    EXPECT_FALSE(proc_.uses_io_uring(7));
    std::filesystem::create_symlink("anon_inode:[io_uring]", folder_.path() + "/7/fd/5");
    EXPECT_TRUE(proc_.uses_io_uring(7));
}

TEST(ProcFs, MissingRootSaysSo) {
    const auto pids = ProcFs("/nonexistent").processes();
    ASSERT_FALSE(pids.has_value());
    EXPECT_NE(pids.error().message.find("is proc mounted"), std::string::npos);
}

TEST(ProcFs, ReadsTheRealOne) {
    const ProcFs proc;
    const auto status = proc.status(::getpid());
    ASSERT_TRUE(status.has_value());
    EXPECT_EQ(status->parent, ::getppid());
    EXPECT_EQ(status->info.uid, ::getuid());
    const auto mappings = proc.executable_mappings(::getpid());
    ASSERT_TRUE(mappings.has_value());
    EXPECT_TRUE(std::ranges::any_of(*mappings, [&](const Mapping& m) { return m.path == status->info.exe; }));
}

}  // namespace
}  // namespace sslsniff
