#include "diagnosis/doctor.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "diagnosis/list.h"
#include "unit/capture/discovery/temp_folder.h"

namespace sslsniff {
namespace {

KernelFeatures good_kernel() {
    KernelFeatures kernel;
    kernel.release = "6.18.5";
    kernel.architecture = "x86_64";
    kernel.btf = true;
    kernel.features.push_back({"uprobe-multi", true, {}});
    kernel.features.push_back({"kprobes", false, "not built in"});
    kernel.backends.push_back({"payload", "user dynptr", "the kernel has the kfunc"});
    return kernel;
}

TEST(Doctor, SaysWhatIsWrongWithAProcess) {
    Planner planner;
    MemoryOutputStream out;
    // this test itself maps no TLS library
    EXPECT_EQ(run_doctor({{::getpid()}, ReportFormat::text, true, {}}, good_kernel(), planner, out).value(),
              1);
    const std::string& text = out.bytes();
    EXPECT_NE(text.find("Kernel 6.18.5 x86_64, with BTF\n"), std::string::npos);
    EXPECT_NE(text.find("    yes uprobe-multi\n"), std::string::npos);
    EXPECT_NE(text.find("    no  kprobes: not built in\n"), std::string::npos);
    EXPECT_NE(text.find("    payload: user dynptr (the kernel has the kfunc)\n"), std::string::npos);
    EXPECT_NE(text.find("has loaded no TLS library that sslsniff knows; looked at: test_diagnosis"),
              std::string::npos)
        << text;
    EXPECT_TRUE(text.starts_with("Capture does not work:\n    Nothing of process")) << text;
}

TEST(Doctor, KernelObstaclesDecide) {
    Planner planner(ProcFs("/nonexistent"));
    MemoryOutputStream works;
    EXPECT_EQ(run_doctor({}, good_kernel(), planner, works).value(), 0);
    EXPECT_TRUE(works.bytes().starts_with("Capture works.\n")) << works.bytes();
    EXPECT_TRUE(works.bytes().ends_with("\nKernel 6.18.5 x86_64, with BTF\n")) << works.bytes();
    KernelFeatures bad = good_kernel();
    bad.missing_capabilities = {"CAP_BPF", "CAP_PERFMON"};
    bad.notes = {"Without CAP_BPF, nothing can be captured."};
    bad.obstacles = {"The kernel has no BTF: use one built with CONFIG_DEBUG_INFO_BTF."};
    MemoryOutputStream out;
    EXPECT_EQ(run_doctor({{}, ReportFormat::json, false, {}}, bad, planner, out).value(), 1);
    EXPECT_TRUE(
        out.bytes().starts_with(R"({"schema":"sslsniff/1","type":"doctor","works":false,"obstacles":[)"
                                R"("The kernel has no BTF: use one built with CONFIG_DEBUG_INFO_BTF."],)"
                                R"("notes":["Without CAP_BPF, nothing can be captured."],"kernel":{)"))
        << out.bytes();
    EXPECT_NE(out.bytes().find(R"("missing_capabilities":["CAP_BPF","CAP_PERFMON"])"), std::string::npos);
    EXPECT_TRUE(out.bytes().ends_with("]}\n"));
}

WatchedTraffic sample_traffic() {
    ProcessTraffic traffic;
    traffic.process.key.pid = 42;
    traffic.process.comm = "a\x1b";
    traffic.libraries = {"OpenSSL 3.0.17"};
    traffic.reads = 3;
    traffic.received = 300;
    traffic.writes = 1;
    traffic.sent = 20;
    traffic.tls_connections = 2;
    traffic.bound_calls = 3;
    traffic.correlations = {Correlation::nested, Correlation::cached};
    traffic.cleartext_connections = 1;
    traffic.cleartext_bytes = 9;
    return {std::chrono::seconds(3), {traffic}, 0};
}

TEST(Doctor, ShowsWhatItWatched) {
    Planner planner(ProcFs("/nonexistent"));
    const auto watch = [] { return Result<WatchedTraffic>(sample_traffic()); };
    MemoryOutputStream text;
    EXPECT_EQ(run_doctor({{}, ReportFormat::text, false, watch}, good_kernel(), planner, text).value(), 0);
    EXPECT_TRUE(
        text.bytes().ends_with("\nIn 3.0 s:\n"
                               "    a\\x1b[42] OpenSSL 3.0.17: 3 reads of 300 bytes and 1 writes of 20 "
                               "bytes on 2 TLS connections, "
                               "75.0 % of these calls with a known socket (nested, cached); 9 bytes on 1 "
                               "connections without TLS\n"))
        << text.bytes();
    MemoryOutputStream json;
    EXPECT_EQ(run_doctor({{}, ReportFormat::json, false, watch}, good_kernel(), planner, json).value(), 0);
    EXPECT_TRUE(json.bytes().ends_with(
        R"("traffic":{"duration_us":3000000,"lost_events":0,"processes":[{"pid":42,"comm":"a\u001b",)"
        R"("libraries":["OpenSSL 3.0.17"],"reads":3,"writes":1,"received":300,"sent":20,"tls_connections":2,)"
        R"("bound_calls":3,"correlations":["nested","cached"],"cleartext_connections":1,"cleartext_octets":9}]}})"
        "\n"))
        << json.bytes();
}

LibraryPlan sample_library() {
    LibraryPlan library;
    library.name = "OpenSSL";
    library.version = "3.0.17";
    library.display_path = "/lib/x\x1b.so";
    library.build_id = "ab12";
    library.deleted = true;
    ProbedFunction read;
    read.symbol = "SSL_read";
    read.is_internal = true;
    read.covers = {"SSL_read_ex"};
    read.best.entry = {0x352d0, 0x352d0, 0, false, "push"};
    read.best.returns = {{0x35370, 0x35370, 24, false, "jnz"}, {0x29739, 0x29739, 0, true, "ret"}};
    library.functions.push_back(read);
    ProbedFunction free;
    free.symbol = "SSL_free";
    free.found_by = FoundBy::dynamic_symbol;
    free.best.entry = {0x10, 0x10, 0, true, "sub"};
    library.functions.push_back(free);
    library.skipped.push_back({"SSL_write_ex2", "not defined in this file"});
    return library;
}

TEST(PlanReport, Text) {
    EXPECT_EQ(library_text(sample_library(), LibraryDetail::users_and_sites, ProcFs("/nonexistent")),
              "OpenSSL 3.0.17  /lib/x\\x1b.so (deleted or replaced on disk)\n"
              "    used by no process now\n"
              "    build id ab12\n"
              "    functions found by dynamic symbols (certain)\n"
              "    SSL_read                 push at 0x352d0; returns seen by jnz at 0x35370, ret at 0x29739 "
              "(single-stepped); in the function it shares with SSL_read_ex\n"
              "    SSL_free                 sub at 0x10 (single-stepped)\n"
              "    SSL_write_ex2            not probed: not defined in this file\n");
    LibraryPlan stripped = sample_library();
    stripped.functions[1].found_by = FoundBy::reports;
    const std::string text = library_text(stripped, LibraryDetail::users_and_sites, ProcFs("/nonexistent"));
    EXPECT_NE(text.find("    functions found by reported errors (inferred, none that two fit)\n"),
              std::string::npos)
        << text;
}

/// A proc with the names of some processes.
class SkippedText : public testing::Test {
  protected:
    void add(pid_t pid, std::string_view comm) {
        proc_.write(fmt::format("{}/status", pid), "");
        proc_.write(fmt::format("{}/stat", pid),
                    fmt::format("{} ({}) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 9 1\n", pid, comm));
    }
    std::string text(const std::vector<SkippedTarget>& skipped) const {
        return skipped_text(skipped, ProcFs(proc_.path()));
    }

  private:
    test::TempFolder proc_;
};

TEST_F(SkippedText, OneEntryForEachLibraryAndReason) {
    add(20, "wget");
    add(21, "a\x1b[m");
    add(22, "cmake");
    const std::string path = "/lib/libgnutls.so.30";
    const std::string cause = "GnuTLS 3.7.9 (/lib/libgnutls.so.30), which sslsniff does not capture yet";
    EXPECT_EQ(text({{20, path, "process 20 uses it", false, cause},
                    {22, path, "process 22 has also loaded it", true, cause},
                    {23, "/bin/x", "process 23 uses Go", false, "Go crypto/tls (/bin/x), which is not"},
                    {21, path, "process 21 uses it", false, cause}}),
              "    GnuTLS 3.7.9 (/lib/libgnutls.so.30), which sslsniff does not capture yet\n"
              "        used by wget[20], a\\x1b[m[21]\n"
              "        also loaded by cmake[22], of which another library is captured\n"
              "    Go crypto/tls (/bin/x), which is not\n"
              "        used by [23]\n");
}

TEST_F(SkippedText, WithoutAFile) {
    add(20, "init");
    EXPECT_EQ(text({{20, {}, "reading x of process 20 is not permitted", false, "reading x is not permitted"},
                    {0, {}, "there is no /proc", false, {}}}),
              "    reading x is not permitted\n"
              "        of init[20]\n"
              "    there is no /proc\n");
    EXPECT_EQ(text({}), "");
}

TEST_F(SkippedText, ManyProcessesAreCounted) {
    std::vector<SkippedTarget> skipped;
    for (pid_t pid = 1; pid <= 25; ++pid) {
        skipped.push_back({pid, "/lib/x", "a process uses x", false, "x, which is not captured"});
    }
    EXPECT_TRUE(text(skipped).ends_with(", 20] and 5 more\n")) << text(skipped);
}

TEST(PlanReport, Json) {
    JsonWriter json;
    json.begin_document();
    write_library(json, sample_library(), LibraryDetail::users_and_sites, ProcFs("/nonexistent"));
    json.end_object();
    EXPECT_EQ(
        json.document(),
        R"({"name":"OpenSSL","version":"3.0.17","path":"/lib/x\u001b.so","build_id":"ab12","deleted":true,)"
        R"("found_by":["dynamic symbols"],"inferred":false,)"
        R"("processes":[],"functions":[{"symbol":"SSL_read","internal":true,"covers":["SSL_read_ex"],)"
        R"("entry":{"instruction":"push","file_offset":217808,"single_stepped":false},"returns":[)"
        R"({"instruction":"jnz","file_offset":217968,"single_stepped":false},)"
        R"({"instruction":"ret","file_offset":169785,"single_stepped":true}]},)"
        R"({"symbol":"SSL_free","internal":false,"covers":[],"entry":{"instruction":"sub","file_offset":16,)"
        R"("single_stepped":true},"returns":[]}],)"
        R"("not_probed":[{"symbol":"SSL_write_ex2","reason":"not defined in this file"}]})");
}

TEST(List, EveryLineIsAnObject) {
    Planner planner;
    MemoryOutputStream out;
    const auto status = run_list({{}, ReportFormat::json, false}, planner, out);
    ASSERT_TRUE(status.has_value());
    for (std::size_t at = 0; at < out.bytes().size(); at = out.bytes().find('\n', at) + 1) {
        EXPECT_TRUE(out.bytes().substr(at).starts_with(R"({"schema":"sslsniff/1","type":")"));
    }
    MemoryOutputStream text;
    EXPECT_EQ(run_list({}, planner, text).value(), *status);
    EXPECT_FALSE(text.bytes().empty());
}

}  // namespace
}  // namespace sslsniff
