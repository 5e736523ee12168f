#include "capture/discovery/probe_site.h"
#include "capture/discovery/inspected_file.h"

#include <gtest/gtest.h>

#include <algorithm>

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
const Bytes kSub("\x48\x83\xEC\x18");
const Bytes kEndbr64("\xF3\x0F\x1E\xFA");

class ProbeSites : public testing::Test {
  protected:
    void choose(const ElfBuilder& elf) {
        const auto image = ElfImage::open(folder_.write("lib", elf.build()));
        ASSERT_TRUE(image.has_value()) << image.error().message;
        choice_ = choose_sites(*image, find_known_functions(*image), wanted_tls_functions());
    }
    const ProbeSite* site(tls_function function) const {
        const auto found = std::ranges::find(choice_.sites, function, &ProbeSite::function);
        return found != choice_.sites.end() ? &*found : nullptr;
    }
    static std::uint64_t offset(std::uint64_t address) {
        return address - ElfBuilder::kTextAddress + ElfBuilder::kTextOffset;
    }

    test::TempFolder folder_;
    SiteChoice choice_;
};

TEST_F(ProbeSites, InternalFunctionCoversAllThatLeadToIt) {
    choose(test::openssl_like());
    const ProbeSite* const read = site(TLS_FN_READ_INTERNAL);
    ASSERT_NE(read, nullptr);
    EXPECT_EQ(read->symbol, "SSL_read");
    EXPECT_EQ(read->kind, SiteKind::internal);
    EXPECT_EQ(read->covers, (Symbols{"SSL_read_ex", "SSL_read_early_data"}));
    EXPECT_TRUE(read->with_return);
    ASSERT_NE(site(TLS_FN_WRITE_INTERNAL), nullptr);
    EXPECT_EQ(site(TLS_FN_WRITE_INTERNAL)->covers, (Symbols{"SSL_write_ex", "SSL_write_early_data"}));
    ASSERT_NE(site(TLS_FN_PEEK_INTERNAL), nullptr);
    for (const tls_function function : {TLS_FN_READ, TLS_FN_READ_EX, TLS_FN_READ_EARLY_DATA, TLS_FN_WRITE,
                                        TLS_FN_WRITE_EX, TLS_FN_WRITE_EARLY_DATA, TLS_FN_PEEK}) {
        EXPECT_EQ(site(function), nullptr) << function;
    }
    ASSERT_NE(site(TLS_FN_FREE), nullptr);
    EXPECT_EQ(site(TLS_FN_FREE)->kind, SiteKind::entry_stepped);
    EXPECT_FALSE(site(TLS_FN_FREE)->with_return);
    EXPECT_TRUE(std::ranges::any_of(choice_.skipped, [](const SkippedSymbol& skipped) {
        return skipped.symbol == "SSL_shutdown" && skipped.reason == "not defined in this file";
    }));
    EXPECT_FALSE(choice_.misses_required);
}

TEST_F(ProbeSites, FlagsBeforeTheResultOfWrite) {
    choose(test::openssl_like(true));
    ASSERT_NE(site(TLS_FN_WRITE_INTERNAL_FLAGS), nullptr);
    EXPECT_EQ(site(TLS_FN_WRITE_INTERNAL_FLAGS)->covers,
              (Symbols{"SSL_write_ex", "SSL_write_ex2", "SSL_write_early_data"}));
    EXPECT_EQ(site(TLS_FN_WRITE_EX2), nullptr);
    EXPECT_NE(site(TLS_FN_READ_INTERNAL), nullptr);
}

TEST_F(ProbeSites, EmulatedEntriesAreProbedThere) {
    ElfBuilder elf;
    const std::uint64_t read = elf.function("SSL_read", kPush + kReturn);
    const std::uint64_t write = elf.function("SSL_write", kEndbr64 + kPush + kReturn);
    choose(elf);
    ASSERT_NE(site(TLS_FN_READ), nullptr);
    EXPECT_EQ(site(TLS_FN_READ)->kind, SiteKind::entry);
    EXPECT_EQ(site(TLS_FN_READ)->file_offset, offset(read));
    ASSERT_NE(site(TLS_FN_WRITE), nullptr);
    EXPECT_EQ(site(TLS_FN_WRITE)->kind, SiteKind::after_endbr64);
    EXPECT_EQ(site(TLS_FN_WRITE)->file_offset, offset(write) + 4);
}

// As LibreSSL does: what SSL_read_ex moves was seen in SSL_read.
TEST_F(ProbeSites, CallersOfProbedFunctionsAreCovered) {
    ElfBuilder elf;
    const std::uint64_t read = elf.function("SSL_read", kSub + kReturn);
    elf.function("SSL_read_ex", kPush + call_to(elf.next_address() + kPush.size(), read) + kReturn);
    elf.function("SSL_write", kPush + kReturn);
    elf.function("SSL_write_ex", kPush + kReturn);
    choose(elf);
    ASSERT_NE(site(TLS_FN_READ), nullptr);
    EXPECT_EQ(site(TLS_FN_READ)->kind, SiteKind::entry_stepped);
    EXPECT_EQ(site(TLS_FN_READ)->covers, Symbols{"SSL_read_ex"});
    EXPECT_EQ(site(TLS_FN_READ_EX), nullptr);
    EXPECT_NE(site(TLS_FN_WRITE), nullptr);
    EXPECT_NE(site(TLS_FN_WRITE_EX), nullptr);
}

// A helper that both call, but to which SSL_read hands no local: not the function that moves the payload.
TEST_F(ProbeSites, SharedHelpersAreNotTakenForTheInternalFunction) {
    ElfBuilder elf;
    const std::uint64_t helper = elf.function("", kPush + kReturn);
    elf.function("SSL_read", kSub + call_to(elf.next_address() + kSub.size(), helper) + kReturn);
    elf.function("SSL_read_ex", kSub + call_to(elf.next_address() + kSub.size(), helper) + kReturn);
    elf.function("SSL_write", kPush + kReturn);
    choose(elf);
    EXPECT_EQ(site(TLS_FN_READ_INTERNAL), nullptr);
    ASSERT_NE(site(TLS_FN_READ), nullptr);
    EXPECT_EQ(site(TLS_FN_READ)->kind, SiteKind::entry_stepped);
    EXPECT_NE(site(TLS_FN_READ_EX), nullptr);
}

TEST_F(ProbeSites, CallsInACircleEnd) {
    ElfBuilder elf;
    const std::uint64_t first = elf.next_address();
    elf.function("SSL_read", call_to(first, first + 16));
    elf.function("SSL_read_ex", call_to(first + 16, first));
    elf.function("SSL_write", kPush + kReturn);
    choose(elf);
    EXPECT_NE(site(TLS_FN_WRITE), nullptr);
    EXPECT_NE(site(TLS_FN_READ), nullptr);
}

TEST_F(ProbeSites, MissingApiIsToldApart) {
    ElfBuilder elf;
    elf.function("SSL_read", kPush + kReturn);
    choose(elf);
    EXPECT_TRUE(choice_.misses_required);
}

TEST(TlsLibrary, RecognisedByContents) {
    const test::TempFolder folder;
    const auto identify = [&](std::string_view function, std::string_view text) {
        ElfBuilder elf;
        elf.function(function, kReturn);
        elf.rodata(text);
        const auto image = ElfImage::open(folder.write("lib", elf.build()));
        return identify_tls_library(*image, find_known_functions(*image));
    };
    const auto gnutls = identify("gnutls_record_recv", "Enabled GnuTLS 3.7.9 logging...");
    ASSERT_TRUE(gnutls.has_value());
    EXPECT_EQ(gnutls->name, "GnuTLS");
    EXPECT_EQ(gnutls->version, "3.7.9");
    EXPECT_EQ(gnutls->obstacle, "which sslsniff does not capture yet");
    const auto static_openssl =
        identify("main", ByteView("SSLv3/TLS write client hello\0OpenSSL 3.0.17 1 Jul 2025", 54));
    ASSERT_TRUE(static_openssl.has_value());
    EXPECT_EQ(static_openssl->name, "OpenSSL");
    EXPECT_EQ(static_openssl->version, "3.0.17");
    EXPECT_NE(static_openssl->obstacle.find("without symbols"), std::string::npos);
    EXPECT_EQ(identify("main", "/root/.cargo/rustls-0.23.10/src/conn.rs")->name, "rustls");
    EXPECT_FALSE(identify("main", "built with OpenSSL 3.0.17 1 Jul 2025").has_value());
    EXPECT_FALSE(identify("SSL_read", "").has_value());  // SSL_write is missing
}

TEST(TlsLibrary, FlavoursOfOpenSsl) {
    const test::TempFolder folder;
    const auto identify = [&](std::string_view text) {
        ElfBuilder elf;
        elf.function("SSL_read", kReturn);
        elf.function("SSL_write", kReturn);
        elf.rodata(text);
        const auto image = ElfImage::open(folder.write("lib", elf.build()));
        return *identify_tls_library(*image, find_known_functions(*image));
    };
    EXPECT_EQ(identify("OpenSSL 1.1.1 (compatible; BoringSSL)").name, "BoringSSL");
    EXPECT_EQ(identify("LibreSSL 3.8.2").name, "LibreSSL");
    EXPECT_EQ(identify("LibreSSL 3.8.2").version, "3.8.2");
    EXPECT_EQ(identify("").name, "OpenSSL");
    EXPECT_TRUE(identify("").obstacle.empty());
}

}  // namespace
}  // namespace sslsniff
