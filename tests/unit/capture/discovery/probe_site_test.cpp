#include "capture/discovery/probe_site.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "capture/discovery/inspected_file.h"
#include "capture/discovery/libraries/libraries.h"
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
         {"SSL_read", "SSL_write", "SSL_do_handshake", "SSL_connect", "SSL_accept", "ossl_statem_connect",
          "ossl_statem_accept", "SSL_shutdown"}) {
        ASSERT_NE(function(symbol), nullptr) << symbol << ": " << reason(symbol);
        EXPECT_FALSE(function(symbol)->best.returns.empty()) << symbol;
    }
    EXPECT_NE(function("ossl_statem_connect")->best.entry.address,
              function("ossl_statem_accept")->best.entry.address);
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

// The same for GnuTLS, whose functions lead to one another.
TEST_F(ProbeSites, InstalledGnuTls) {
    const auto image = ElfImage::open("/usr/lib/x86_64-linux-gnu/libgnutls.so.30");
    if (!image) {
        GTEST_SKIP() << "no libgnutls.so.30 here";
    }
    const InspectedFile file = inspect_image(*image);
    ASSERT_EQ(file.tls.size(), 1U);
    EXPECT_EQ(file.tls[0].identity.name, "GnuTLS");
    EXPECT_TRUE(file.tls[0].identity.version.starts_with("3."));
    choice_ = file.tls[0].sites;
    for (const std::string_view symbol :
         {"gnutls_record_recv", "gnutls_record_recv_packet", "gnutls_record_send2", "gnutls_record_uncork",
          "gnutls_handshake", "gnutls_bye", "gnutls_alpn_get_selected_protocol"}) {
        ASSERT_NE(function(symbol), nullptr) << symbol << ": " << reason(symbol);
        EXPECT_FALSE(function(symbol)->best.returns.empty()) << symbol;
    }
    EXPECT_EQ(function("gnutls_record_send"), nullptr);  // jumps to gnutls_record_send2
}

}  // namespace
}  // namespace sslsniff
