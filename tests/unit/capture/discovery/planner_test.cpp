#include "capture/discovery/planner.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>

#include "capture/discovery/program_files.h"
#include "unit/capture/discovery/elf_builder.h"
#include "unit/capture/discovery/temp_folder.h"

namespace sslsniff {
namespace {

using test::ElfBuilder;

Bytes plain_program() {
    ElfBuilder elf;
    elf.function("main", "\xC3");
    return elf.build();
}

Bytes erlang() {
    ElfBuilder elf;
    elf.function("enif_make_tuple_from_array", "\xC3");
    return elf.build();
}

/// Processes that map files of a folder, below a proc of their own.
class Planning : public testing::Test {
  protected:
    struct Mapped {
        std::string path;
        std::string shown;  ///< in maps
    };
    void add(pid_t pid, std::string_view comm, const std::vector<Mapped>& files) {
        std::string maps;
        std::uint64_t at = 0x10000;
        for (const Mapped& file : files) {
            struct stat info{};
            ASSERT_EQ(::stat(file.path.c_str(), &info), 0);
            const std::string range = fmt::format("{:x}-{:x}", at, at + 0x1000);
            maps += fmt::format("{} r-xp 00000000 {:02x}:{:02x} {} {}\n", range, major(info.st_dev),
                                minor(info.st_dev), info.st_ino, file.shown);
            proc_folder_.link(fmt::format("{}/map_files/{}", pid, range), file.path);
            at += 0x2000;
        }
        proc_folder_.write(fmt::format("{}/maps", pid), maps);
        proc_folder_.write(fmt::format("{}/status", pid), "");
        proc_folder_.write(fmt::format("{}/stat", pid),
                           fmt::format("{} ({}) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 9 1\n", pid, comm));
    }
    void add(pid_t pid, std::string_view comm, const std::string& path) { add(pid, comm, {{path, path}}); }

    test::TempFolder files_;
    test::TempFolder proc_folder_;
    Planner planner_{ProcFs(proc_folder_.path())};
};

TEST_F(Planning, OneLibraryForAllItsProcesses) {
    const std::string library = files_.write("libssl.so.3", test::openssl_like().build());
    add(30, "nginx", library);
    add(20, "curl", {{library, "/other/root/libssl.so.3 (deleted)"}});
    const AttachPlan plan = planner_.plan_all();
    ASSERT_EQ(plan.libraries.size(), 1U);
    const LibraryPlan& found = plan.libraries[0];
    EXPECT_EQ(found.name, "OpenSSL");
    EXPECT_EQ(found.version, "3.0.17");
    EXPECT_EQ(found.build_id, "abcdef01");
    EXPECT_EQ(found.processes, (std::vector<pid_t>{20, 30}));
    EXPECT_FALSE(found.functions.empty());
    struct stat info{};
    ASSERT_EQ(::stat(found.open_path.c_str(), &info), 0);
    EXPECT_EQ(found.file, (FileId{info.st_dev, info.st_ino}));
    EXPECT_TRUE(plan.skipped.empty());
}

TEST_F(Planning, FilesOutOfReachAreOpenedByTheirMapping) {
    const std::string library = files_.write("libssl.so.3", test::openssl_like().build());
    add(20, "curl", {{library, "/gone/libssl.so.3 (deleted)"}});
    const std::vector<pid_t> pids{20};
    const AttachPlan plan = planner_.plan_processes(pids);
    ASSERT_EQ(plan.libraries.size(), 1U);
    EXPECT_EQ(plan.libraries[0].open_path, proc_folder_.path("20/map_files/10000-11000"));
    EXPECT_EQ(plan.libraries[0].display_path, "/gone/libssl.so.3");
    EXPECT_TRUE(plan.libraries[0].deleted);
}

TEST_F(Planning, ReasonsForUsers) {
    add(20, "server", files_.write("server", erlang()));
    add(21, "a\x1b[m", files_.write("plain", plain_program()));
    const std::vector<pid_t> pids{20, 21, 22};
    const AttachPlan plan = planner_.plan_processes(pids);
    EXPECT_TRUE(plan.libraries.empty());
    ASSERT_EQ(plan.skipped.size(), 3U);
    const std::string cause = fmt::format(
        "Erlang ssl ({}), which sslsniff does not capture yet: it is Erlang code, which uses OpenSSL for its "
        "ciphers only; let a proxy end TLS",
        files_.path("server"));
    EXPECT_EQ(plan.skipped[0].reason, "process 20 (server) uses " + cause);
    EXPECT_EQ(plan.skipped[0].cause, cause);
    EXPECT_EQ(plan.skipped[0].pid, 20);
    EXPECT_FALSE(plan.skipped[0].captured_otherwise);
    EXPECT_EQ(plan.skipped[1].reason,
              "process 21 (a\\x1b[m) has loaded no TLS library that sslsniff knows; looked at: plain");
    EXPECT_EQ(plan.skipped[2].reason, "process 22 does not exist");
    // a scan of everything mentions only what has to do with TLS
    EXPECT_EQ(planner_.plan_all().skipped.size(), 1U);
}

TEST_F(Planning, LibrariesThatWereNotChosen) {
    const std::string library = files_.write("libssl.so.3", test::openssl_like().build());
    const std::string inside = files_.write("server", erlang());
    add(20, "curl", {{library, library}, {inside, inside}});
    const std::vector<std::string> go{"go"};
    const std::vector<std::string> openssl{"nss,OpenSSL"};
    const std::vector<pid_t> pids{20};

    Planner without(ProcFs(proc_folder_.path()), LibraryChoice::parse(go).value());
    const AttachPlan none = without.plan_processes(pids);
    EXPECT_TRUE(none.libraries.empty());
    EXPECT_TRUE(none.transport_libraries.empty());
    ASSERT_EQ(none.skipped.size(), 2U);
    EXPECT_EQ(none.skipped[0].reason,
              fmt::format("process 20 (curl) uses OpenSSL 3.0.17 ({}), which --tls leaves out", library));
    EXPECT_EQ(none.skipped[0].library, "OpenSSL 3.0.17");
    EXPECT_TRUE(none.skipped[0].left_out);
    EXPECT_FALSE(none.skipped[1].left_out);  // nobody can

    Planner with(ProcFs(proc_folder_.path()), LibraryChoice::parse(openssl).value());
    const AttachPlan some = with.plan_processes(pids);
    EXPECT_EQ(some.libraries.size(), 1U);
    EXPECT_EQ(some.skipped.size(), 1U);
}

TEST_F(Planning, VersionComesFromTheLibcryptoBeside) {
    ElfBuilder ssl;
    ssl.function("SSL_read", "\x55\x5D\xC3");
    ssl.function("SSL_write", "\x55\x5D\xC3");
    ElfBuilder crypto;
    crypto.function("BIO_read", "\x55\x5D\xC3");
    crypto.function("BIO_write", "\x55\x5D\xC3");
    crypto.rodata("OpenSSL 3.5.7 9 Jun 2026");
    const std::string libssl = files_.write("libssl.so.3", ssl.build());
    const std::string libcrypto = files_.write("libcrypto.so.3", crypto.build());
    add(20, "curl", {{libssl, libssl}, {libcrypto, libcrypto}});
    const AttachPlan plan = planner_.plan_all();
    ASSERT_EQ(plan.libraries.size(), 1U);
    EXPECT_EQ(plan.libraries[0].version, "3.5.7");
    ASSERT_EQ(plan.transport_libraries.size(), 1U);
    EXPECT_EQ(plan.transport_libraries[0].functions.size(), 2U);
    EXPECT_EQ(plan.transport_libraries[0].functions[0].form.call, CALL_TRANSPORT_READ);
}

TEST_F(Planning, CommandsFindLibrariesByTheirEnvironment) {
    ElfBuilder program;
    program.function("main", "\x55\x5D\xC3");
    program.needs("libssl-of-the-test.so");
    files_.write("private/libssl-of-the-test.so", test::openssl_like().build());
    const std::string path = files_.write("app", program.build());
    EXPECT_TRUE(planner_.plan_command(path, "").value().libraries.empty());
    const std::string folders = "/nowhere:" + files_.path("private");
    EXPECT_EQ(planner_.plan_command(path, "", folders).value().libraries.size(), 1U);
}

TEST_F(Planning, ReplacedFilesAreReadAgain) {
    const std::string path = files_.write("app", plain_program());
    add(20, "app", path);
    EXPECT_TRUE(planner_.plan_all().libraries.empty());
    files_.write("app", test::openssl_like().build());
    EXPECT_EQ(planner_.plan_all().libraries.size(), 1U);
}

TEST_F(Planning, NeedsAreFollowed) {
    const std::string library = files_.write("libssl.so.3", test::openssl_like().build());
    ElfBuilder middle;
    middle.function("f", "\xC3");
    middle.needs("libssl.so.3");
    files_.write("libmiddle.so", middle.build());
    ElfBuilder program;
    program.function("main", "\xC3");
    program.needs(files_.path("libmiddle.so"));
    program.needs("libnowhere.so");
    const std::string path = files_.write("program", program.build());
    const AttachPlan plan = planner_.plan_file(path);
    ASSERT_EQ(plan.libraries.size(), 1U);
    EXPECT_EQ(plan.libraries[0].display_path, library);
    EXPECT_TRUE(plan.libraries[0].processes.empty());

    files_.write("script", "#!" + path + " -x\n");
    EXPECT_EQ(planner_.plan_command(files_.path("script"), "").value().libraries.size(), 1U);
    files_.write("bin/tool", "#!/usr/bin/env -S A=b tool2\n");
    files_.write("bin/tool2", program.build());
    for (const char* const name : {"bin/tool", "bin/tool2"}) {
        ::chmod(files_.path(name).c_str(), 0755);
    }
    EXPECT_EQ(planner_.plan_command("tool", "/nowhere:" + files_.path("bin")).value().libraries.size(), 1U);
}

TEST_F(Planning, CommandsThatDoNotExist) {
    const auto plan = planner_.plan_command("no-such-command", "/nowhere");
    ASSERT_FALSE(plan.has_value());
    EXPECT_EQ(plan.error().message, "no program no-such-command in PATH (/nowhere): give its path");
    EXPECT_FALSE(planner_.plan_command("/nowhere/x", "").has_value());
    files_.write("loop", "#!" + files_.path("loop") + "\n");
    EXPECT_FALSE(planner_.plan_command(files_.path("loop"), "").has_value());
    EXPECT_EQ(planner_.plan_file("/nowhere/x").skipped.size(), 1U);
}

}  // namespace
}  // namespace sslsniff
