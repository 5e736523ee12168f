#include "capture/discovery/probe_site.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "capture/discovery/inspected_file.h"
#include "capture/discovery/libraries/libraries.h"
#include "capture/discovery/tls_libraries.h"
#include "capture/discovery/tls_library.h"
#include "unit/capture/discovery/elf_builder.h"
#include "unit/capture/discovery/temp_folder.h"

namespace sslsniff {
namespace {

using test::call_to;
using test::ElfBuilder;
using Symbols = std::vector<std::string>;

const Bytes kReturn("\xC3");
const Bytes kPush("\x55\x5D");
const Bytes kEndbr64("\xF3\x0F\x1E\xFA");
const Bytes kSub("\x48\x83\xEC\x18");  // sub $0x18, %rsp
const Bytes kAdd("\x48\x83\xC4\x18");
const Bytes kCheckLength("\x85\xD2\x78\x00", 4);  // test %edx, %edx; js next
const Bytes kCheckCanary(
    "\x64\x48\x2B\x14\x25\x28\x00\x00\x00"  // sub %fs:0x28, %rdx
    "\x75\x05",                             // jne behind the next 5 bytes
    11);
const Bytes kFail("\x0F\x0B", 2);  // ud2, for __stack_chk_fail
const Bytes kSetResult("\xB8\x01\x00\x00\x00", 5);

/// OpenSSL's (ssl, buffer, size_t length, ...) with the address of a size_t as argument `moved`.
CallForm stores_length(tls_call call, std::uint8_t moved) {
    CallForm form = moves_by_result(call);
    form.length = argument(3);
    form.moved = argument(moved);
    form.moved_bytes = 8;
    return form;
}

class ProbeSites : public testing::Test {
  protected:
    void choose(const ElfBuilder& elf) {
        const auto image = ElfImage::open(folder_.write("lib", elf.build()));
        ASSERT_TRUE(image.has_value()) << image.error().message;
        choice_ = choose_sites(*image, find_known_functions(*image), kOpenSsl, kOpenSsl.calls);
    }
    const ProbedFunction* function(std::string_view symbol) const {
        const auto found = std::ranges::find(choice_.functions, symbol, &ProbedFunction::symbol);
        return found != choice_.functions.end() ? &*found : nullptr;
    }
    std::string reason(std::string_view symbol) const {
        const auto found = std::ranges::find(choice_.skipped, symbol, &SkippedSymbol::symbol);
        return found != choice_.skipped.end() ? found->reason : "";
    }

    test::TempFolder folder_;
    SiteChoice choice_;
};

TEST_F(ProbeSites, InternalFunctionCoversAllThatLeadToIt) {
    choose(test::openssl_like());
    const ProbedFunction* const read = function("SSL_read");
    ASSERT_NE(read, nullptr);
    EXPECT_TRUE(read->is_internal);
    EXPECT_EQ(read->form, stores_length(CALL_READ, 4));
    EXPECT_EQ(read->covers, (Symbols{"SSL_read_ex", "SSL_read_early_data"}));
    EXPECT_EQ(read->best.entry.instruction, "push");
    EXPECT_FALSE(read->best.entry.is_stepped);
    ASSERT_EQ(read->best.returns.size(), 1U);
    EXPECT_EQ(read->best.returns[0].instruction, "ret");
    ASSERT_NE(function("SSL_write"), nullptr);
    EXPECT_EQ(function("SSL_write")->covers, (Symbols{"SSL_write_ex", "SSL_write_early_data"}));
    ASSERT_NE(function("SSL_peek"), nullptr);
    for (const std::string_view covered :
         {"SSL_read_ex", "SSL_read_early_data", "SSL_write_ex", "SSL_peek_ex"}) {
        EXPECT_EQ(function(covered), nullptr) << covered;
    }
    ASSERT_NE(function("SSL_free"), nullptr);
    EXPECT_TRUE(function("SSL_free")->best.entry.is_stepped);
    EXPECT_TRUE(function("SSL_free")->best.returns.empty());
    EXPECT_EQ(reason("SSL_shutdown"), "not defined in this file");
}

TEST_F(ProbeSites, FlagsBeforeTheResultOfWrite) {
    choose(test::openssl_like(true));
    ASSERT_NE(function("SSL_write"), nullptr);
    EXPECT_EQ(function("SSL_write")->form, stores_length(CALL_WRITE, 5));
    EXPECT_EQ(function("SSL_write")->covers,
              (Symbols{"SSL_write_ex", "SSL_write_ex2", "SSL_write_early_data"}));
    EXPECT_NE(function("SSL_read"), nullptr);
}

TEST_F(ProbeSites, EmulatedEntriesAreProbedThere) {
    ElfBuilder elf;
    const std::uint64_t read = elf.function("SSL_read", kPush + kReturn);
    const std::uint64_t write = elf.function("SSL_write", kEndbr64 + kPush + kReturn);
    choose(elf);
    ASSERT_NE(function("SSL_read"), nullptr);
    EXPECT_EQ(function("SSL_read")->best.entry.address, read);
    EXPECT_EQ(function("SSL_read")->best.entry.file_offset,
              read - ElfBuilder::kTextAddress + ElfBuilder::kTextOffset);
    ASSERT_NE(function("SSL_write"), nullptr);
    EXPECT_EQ(function("SSL_write")->best.entry.address, write + 4);
    EXPECT_EQ(function("SSL_write")->plain.entry.address, write + 4);
}

// As in OpenSSL's SSL_read: the check of the length, and that of the stack protector.
TEST_F(ProbeSites, ConditionalJumpsAreCheaperThanWhatTheKernelSteps) {
    ElfBuilder elf;
    const Bytes code = kSub + kCheckLength + kSetResult + kCheckCanary + kAdd + kReturn + kFail;
    const std::uint64_t read = elf.function("SSL_read", code);
    elf.function("SSL_write", kPush + kReturn);
    choose(elf);
    const ProbedFunction* const found = function("SSL_read");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->best.entry.address, read + 6);
    EXPECT_EQ(found->best.entry.stack, 0x18U);
    EXPECT_FALSE(found->best.entry.is_stepped);
    ASSERT_EQ(found->best.returns.size(), 1U);
    EXPECT_EQ(found->best.returns[0].instruction, "jnz");
    EXPECT_EQ(found->best.returns[0].stack, 0x18U);
    EXPECT_FALSE(found->best.returns[0].is_stepped);
    // For kernels without cookies: where the stack pointer is that of the beginning.
    EXPECT_EQ(found->plain.entry.address, read);
    ASSERT_EQ(found->plain.returns.size(), 1U);
    EXPECT_EQ(found->plain.returns[0].instruction, "ret");
    EXPECT_EQ(found->plain.returns[0].stack, 0U);
}

TEST_F(ProbeSites, ArgumentsMustBeWhereTheyCame) {
    ElfBuilder elf;
    const Bytes overwrites("\x48\x89\xC7", 3);  // mov %rax, %rdi
    const std::uint64_t read = elf.function("SSL_read", overwrites + kPush + kReturn);
    elf.function("SSL_write", kPush + kReturn);
    choose(elf);
    ASSERT_NE(function("SSL_read"), nullptr);
    EXPECT_EQ(function("SSL_read")->best.entry.address, read);
    EXPECT_TRUE(function("SSL_read")->best.entry.is_stepped);
}

// The result changes behind the check: only the return itself will do.
TEST_F(ProbeSites, TheResultMustBeInPlace) {
    ElfBuilder elf;
    elf.function("SSL_read", kSub + kCheckCanary + kSetResult + kAdd + kReturn + kFail);
    elf.function("SSL_write", kPush + kReturn);
    choose(elf);
    ASSERT_NE(function("SSL_read"), nullptr);
    ASSERT_EQ(function("SSL_read")->best.returns.size(), 1U);
    EXPECT_EQ(function("SSL_read")->best.returns[0].instruction, "ret");
}

TEST_F(ProbeSites, ReturnsOfTailCallsAreReturns) {
    ElfBuilder elf;
    const std::uint64_t other = elf.function("", kPush + kReturn);
    const Bytes early_out("\x85\xD2\x74\x05", 4);  // test %edx, %edx; je over the jump
    Bytes code = early_out;
    code += test::jump_to(elf.next_address() + code.size(), other);
    elf.function("SSL_read", code + kReturn);
    elf.function("SSL_write", kPush + kReturn);
    choose(elf);
    ASSERT_NE(function("SSL_read"), nullptr);
    EXPECT_EQ(function("SSL_read")->best.returns.size(), 2U);
}

TEST_F(ProbeSites, WithoutAllReturnsAFunctionIsNotProbed) {
    ElfBuilder elf;
    const Bytes jump_through_register("\xFF\xE0", 2);  // jmp *%rax
    elf.function("SSL_read", kPush + jump_through_register);
    elf.function("SSL_write", kPush + kReturn);
    elf.function("SSL_free", kPush + jump_through_register);
    choose(elf);
    EXPECT_EQ(function("SSL_read"), nullptr);
    EXPECT_EQ(reason("SSL_read"), "where its calls end cannot be found");
    EXPECT_NE(function("SSL_write"), nullptr);
    EXPECT_NE(function("SSL_free"), nullptr);  // only its beginning matters
}

// Behind a call that never returns lies another function, whose stack does not fit.
TEST_F(ProbeSites, ReturnsOfTheNextFunctionAreNotTaken) {
    ElfBuilder elf;
    const std::uint64_t abort = elf.function("", kFail);
    Bytes code = kSub + kCheckLength + kAdd + kReturn;
    code += test::call_to(elf.next_address() + code.size(), abort);
    const std::uint64_t read = elf.function("SSL_read", code + kPush + kReturn);
    elf.function("SSL_write", kPush + kReturn);
    choose(elf);
    ASSERT_NE(function("SSL_read"), nullptr);
    ASSERT_EQ(function("SSL_read")->best.returns.size(), 1U);
    EXPECT_LT(function("SSL_read")->best.returns[0].address, read + code.size());
}

// As LibreSSL does: what SSL_read_ex moves was seen in SSL_read.
TEST_F(ProbeSites, CallersOfProbedFunctionsAreCovered) {
    ElfBuilder elf;
    const std::uint64_t read = elf.function("SSL_read", kSub + kAdd + kReturn);
    elf.function("SSL_read_ex", kPush + call_to(elf.next_address() + kPush.size(), read) + kReturn);
    elf.function("SSL_write", kPush + kReturn);
    elf.function("SSL_write_ex", kPush + kReturn);
    choose(elf);
    ASSERT_NE(function("SSL_read"), nullptr);
    EXPECT_TRUE(function("SSL_read")->best.entry.is_stepped);
    EXPECT_EQ(function("SSL_read")->covers, Symbols{"SSL_read_ex"});
    EXPECT_EQ(function("SSL_read_ex"), nullptr);
    EXPECT_NE(function("SSL_write"), nullptr);
    EXPECT_NE(function("SSL_write_ex"), nullptr);
}

// A helper that both call, but to which SSL_read hands no local: not the function that moves the payload.
TEST_F(ProbeSites, SharedHelpersAreNotTakenForTheInternalFunction) {
    ElfBuilder elf;
    const std::uint64_t helper = elf.function("", kPush + kReturn);
    const Bytes end = kAdd + kReturn;
    elf.function("SSL_read", kSub + call_to(elf.next_address() + kSub.size(), helper) + end);
    elf.function("SSL_read_ex", kSub + call_to(elf.next_address() + kSub.size(), helper) + end);
    elf.function("SSL_write", kPush + kReturn);
    choose(elf);
    ASSERT_NE(function("SSL_read"), nullptr);
    EXPECT_FALSE(function("SSL_read")->is_internal);
    EXPECT_NE(function("SSL_read_ex"), nullptr);
}

TEST_F(ProbeSites, CallsInACircleEnd) {
    ElfBuilder elf;
    const std::uint64_t first = elf.next_address();
    elf.function("SSL_read", call_to(first, first + 16) + kReturn);
    elf.function("SSL_read_ex", call_to(first + 16, first) + kReturn);
    elf.function("SSL_write", kPush + kReturn);
    choose(elf);
    EXPECT_NE(function("SSL_write"), nullptr);
    EXPECT_NE(function("SSL_read"), nullptr);
}

// The library of this system: nothing of it is left out, and payload is seen without single-stepping.
TEST_F(ProbeSites, InstalledOpenSsl) {
    const auto image = ElfImage::open("/usr/lib/x86_64-linux-gnu/libssl.so.3");
    if (!image) {
        GTEST_SKIP() << "no libssl.so.3 here";
    }
    choice_ = choose_sites(*image, find_known_functions(*image), kOpenSsl, kOpenSsl.calls);
    for (const std::string_view symbol :
         {"SSL_read", "SSL_write", "SSL_do_handshake", "SSL_connect", "SSL_accept", "SSL_shutdown"}) {
        ASSERT_NE(function(symbol), nullptr) << symbol << ": " << reason(symbol);
        EXPECT_FALSE(function(symbol)->best.returns.empty()) << symbol;
    }
    for (const std::string_view symbol : {"SSL_read", "SSL_write", "records received"}) {
        ASSERT_NE(function(symbol), nullptr) << symbol;
        EXPECT_FALSE(function(symbol)->best.entry.is_stepped) << symbol;
        EXPECT_TRUE(std::ranges::none_of(function(symbol)->best.returns, &ProbeSite::is_stepped)) << symbol;
    }
    EXPECT_NE(function("SSL_read")->form.flags & SITE_BY_RECORDS, 0);
}

// The same for wolfSSL. What it calls behind its public functions has no names.
TEST_F(ProbeSites, InstalledWolfSsl) {
    const auto image = ElfImage::open("/usr/lib/x86_64-linux-gnu/libwolfssl.so.35");
    if (!image) {
        GTEST_SKIP() << "no libwolfssl.so.35 here";
    }
    const InspectedFile file = inspect_image(*image);
    ASSERT_EQ(file.tls.size(), 1U);
    EXPECT_EQ(file.tls[0].identity.name, "wolfSSL");
    EXPECT_TRUE(file.tls[0].identity.version.starts_with("5."));
    choice_ = file.tls[0].sites;
    for (const std::string_view symbol : {"wolfSSL_read", "wolfSSL_write", "wolfSSL_peek", "wolfSSL_connect",
                                          "wolfSSL_accept", "wolfSSL_shutdown"}) {
        ASSERT_NE(function(symbol), nullptr) << symbol << ": " << reason(symbol);
        EXPECT_FALSE(function(symbol)->best.returns.empty()) << symbol;
        EXPECT_FALSE(function(symbol)->best.entry.is_stepped) << symbol;
    }
    EXPECT_EQ(function("wolfSSL_write")->covers, (Symbols{"wolfSSL_send", "wolfSSL_writev"}));
    ASSERT_EQ(file.companions.size(), 1U);
    EXPECT_EQ(file.companions[0].sites.functions.size(), 2U);
}

TEST(TlsLibrary, RecognisedByContents) {
    const test::TempFolder folder;
    const auto identify = [&](std::string_view function, std::string_view text) {
        ElfBuilder elf;
        elf.function(function, kReturn);
        elf.rodata(text);
        const auto image = ElfImage::open(folder.write("lib", elf.build()));
        return identify_tls_libraries(*image, find_known_functions(*image));
    };
    const auto nss = identify("SSL_ImportFD", "NSS 3.87.1");
    ASSERT_EQ(nss.size(), 1U);
    EXPECT_EQ(full_name(nss[0]), "NSS 3.87.1");
    EXPECT_EQ(nss[0].obstacle, "which sslsniff does not capture yet");
    const auto static_openssl =
        identify("main", ByteView("SSLv3/TLS write client hello\0OpenSSL 3.0.17 1 Jul 2025", 54));
    ASSERT_EQ(static_openssl.size(), 1U);
    EXPECT_EQ(full_name(static_openssl[0]), "OpenSSL 3.0.17");
    EXPECT_NE(static_openssl[0].obstacle.find("without symbols"), std::string::npos);
    EXPECT_TRUE(identify("main", "built with OpenSSL 3.0.17 1 Jul 2025").empty());
    EXPECT_TRUE(identify("SSL_read", "").empty());  // SSL_write is missing
}

/// By what was found in programs: chromium, bun, workerd, deno, rustup, beam.smp.
TEST(TlsLibrary, LinkedInWithoutSymbols) {
    const test::TempFolder folder;
    const auto names = [&](std::string_view function, std::string_view text) {
        ElfBuilder elf;
        elf.function(function, kReturn);
        elf.rodata(text);
        const auto image = ElfImage::open(folder.write("program", elf.build()));
        std::vector<std::string> found;
        for (const TlsIdentity& identity : identify_tls_libraries(*image, find_known_functions(*image))) {
            EXPECT_FALSE(identity.obstacle.empty());
            found.push_back(full_name(identity));
        }
        return found;
    };
    using Names = std::vector<std::string>;
    EXPECT_EQ(names("main", "../../third_party/boringssl/src/ssl/ssl_lib.cc"), Names{"BoringSSL"});
    EXPECT_EQ(names("main", "../../vendor/boringssl/ssl/ssl_lib.cc"), Names{"BoringSSL"});
    EXPECT_EQ(names("main", "TLS client read_server_hello"), Names{"BoringSSL"});
    EXPECT_EQ(names("main", "/aws-lc/ssl/ssl_lib.cc ... TLS client read_server_hello"), Names{"AWS-LC"});
    EXPECT_EQ(names("main",
                    "/root/.cargo/registry/tokio-rustls-0.26.0/src/lib.rs "
                    "/root/.cargo/registry/rustls-0.23.40/src/conn.rs"),
              Names{"rustls 0.23.40"});
    EXPECT_EQ(names("main", "external/rules_rust++crate+crates_vendor__rustls-0.23.46/src/conn.rs"),
              Names{"rustls 0.23.46"});
    EXPECT_EQ(names("main", "received corrupt message of type "), Names{"rustls"});
    EXPECT_EQ(names("main", "../ssl/statem/statem.c OpenSSL 3.0.19 27 Jan 2026"), Names{"OpenSSL 3.0.19"});
    EXPECT_EQ(names("main", "SSLv3/TLS write client hello OpenSSL 3.0.17 received corrupt message of type"),
              (Names{"OpenSSL 3.0.17", "rustls"}));
    EXPECT_EQ(names("enif_make_tuple_from_array", ""), Names{"Erlang ssl"});
    EXPECT_EQ(names("JNI_CreateJavaVM", ""), Names{"Java TLS (JSSE)"});
}

/// What can be probed comes first, whatever else a program contains.
TEST(TlsLibrary, SeveralInOneProgram) {
    ElfBuilder elf;
    elf.function("SSL_read", kReturn);
    elf.function("SSL_write", kReturn);
    elf.rodata("OpenSSL 3.5.4 30 Sep 2025 SSLv3/TLS write client hello /rustls-0.23.40/src/conn.rs");
    const test::TempFolder folder;
    const auto image = ElfImage::open(folder.write("program", elf.build()));
    const InspectedFile file = inspect_image(*image);
    ASSERT_EQ(file.tls.size(), 1U);
    EXPECT_EQ(full_name(file.tls[0].identity), "OpenSSL 3.5.4");
    ASSERT_EQ(file.foreign.size(), 1U);
    EXPECT_EQ(full_name(file.foreign[0]), "rustls 0.23.40");
}

/// Each is probed by its own functions.
TEST(TlsLibrary, SeveralThatCanBeProbedInOneProgram) {
    ElfBuilder elf;
    for (const std::string_view function : {"SSL_read", "SSL_write", "wolfSSL_read", "wolfSSL_write"}) {
        elf.function(function, kPush + kReturn);
    }
    elf.rodata("OpenSSL 3.5.4 30 Sep 2025 wolfSSL 5.7.2");
    const test::TempFolder folder;
    const auto image = ElfImage::open(folder.write("program", elf.build()));
    const InspectedFile file = inspect_image(*image);
    ASSERT_EQ(file.tls.size(), 2U);
    EXPECT_EQ(full_name(file.tls[0].identity), "OpenSSL 3.5.4");
    EXPECT_EQ(full_name(file.tls[1].identity), "wolfSSL 5.7.2");
    for (const FoundLibrary& library : file.tls) {
        ASSERT_EQ(library.sites.functions.size(), 2U);
        EXPECT_TRUE(library.sites.functions[0].symbol.starts_with(library.identity.library->functions[0]));
    }
    EXPECT_TRUE(file.foreign.empty());
}

/// What is in the table must be such that it can be probed.
TEST(TlsLibrary, RowsAreWhole) {
    for (const TlsLibrary* const library : tls_libraries()) {
        SCOPED_TRACE(library->name);
        EXPECT_FALSE(library->name.empty());
        EXPECT_TRUE(!library->functions.empty() || !library->texts.empty() || library->recognise != nullptr);
        EXPECT_EQ(library->is_captured(), !library->file_names.empty());
        for (const auto functions : {library->calls, library->transports}) {
            for (const WantedFunction& wanted : functions) {
                SCOPED_TRACE(wanted.symbol);
                const CallForm& form = wanted.form;
                const bool is_transport = wanted.family == ProbeFamily::transport_read ||
                                          wanted.family == ProbeFamily::transport_write;
                if (form.call == CALL_NONE) {
                    EXPECT_NE(wanted.family, ProbeFamily::session);
                    continue;
                }
                EXPECT_NE(form.handle.place, PLACE_NONE);
                EXPECT_EQ(wanted.with_return, (form.call < CALL_FREE || form.call == CALL_TRANSPORT_READ));
                EXPECT_EQ(is_transport,
                          form.call == CALL_TRANSPORT_READ || form.call == CALL_TRANSPORT_WRITE);
                if (moves_bytes(wanted.family)) {
                    EXPECT_NE(form.buffer.place, PLACE_NONE);
                    EXPECT_TRUE(form.length.place != PLACE_NONE || form.slice != 0);
                    EXPECT_NE(form.result, RESULT_NONE);
                }
                EXPECT_EQ(form.moved.place != PLACE_NONE, form.moved_bytes != 0);
            }
        }
    }
}

TEST(TlsLibrary, FlavoursOfOpenSsl) {
    const test::TempFolder folder;
    const auto identify = [&](std::string_view text) {
        ElfBuilder elf;
        elf.function("SSL_read", kReturn);
        elf.function("SSL_write", kReturn);
        elf.rodata(text);
        const auto image = ElfImage::open(folder.write("lib", elf.build()));
        return identify_tls_libraries(*image, find_known_functions(*image)).at(0);
    };
    EXPECT_EQ(identify("OpenSSL 1.1.1 (compatible; BoringSSL)").name, "BoringSSL");
    EXPECT_EQ(identify("LibreSSL 3.8.2").name, "LibreSSL");
    EXPECT_EQ(identify("LibreSSL 3.8.2").version, "3.8.2");
    EXPECT_EQ(identify("").name, "OpenSSL");
    EXPECT_TRUE(identify("").obstacle.empty());
}

}  // namespace
}  // namespace sslsniff
