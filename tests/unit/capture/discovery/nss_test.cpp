// NSS, whose functions that move payload have no names.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "capture/discovery/inspected_file.h"
#include "unit/capture/discovery/elf_builder.h"
#include "unit/capture/discovery/temp_folder.h"

namespace sslsniff {
namespace {

using test::call_to;
using test::ElfBuilder;

const Bytes kReturn("\xC3");
const Bytes kPush("\x55\x5D");

class NssSites : public testing::Test {
  protected:
    const ProbedFunction* function(std::string_view symbol) const {
        const auto found = std::ranges::find(choice_.functions, symbol, &ProbedFunction::symbol);
        return found != choice_.functions.end() ? &*found : nullptr;
    }

    /// Two tables of operations, as sockets with and without TLS have them. `leads_on`: read and write of TLS
    /// go on in recv and send.
    void build(ElfBuilder& elf, bool leads_on = true) {
        const Bytes no_flags("\x31\xC9", 2);  // xor %ecx, %ecx
        const auto function = [&] { return elf.function("", kPush + kReturn); };
        const auto leading_to = [&](std::uint64_t target) {
            return leads_on ? elf.function(
                                  "", no_flags + test::jump_to(elf.next_address() + no_flags.size(), target))
                            : function();
        };
        const std::array shared{function(), function(), function(), function()};
        const auto table = [&](bool is_tls) {
            const std::array own{function(), function(), function()};  // connect, shutdown, close
            const std::uint64_t recv = function();
            const std::uint64_t send = function();
            const std::uint64_t read = is_tls ? leading_to(recv) : function();
            const std::uint64_t write = is_tls ? leading_to(send) : function();
            elf.pointers({own[0], 0, shared[0], shared[1], own[1], own[2], recv, send, read, write, shared[2],
                          shared[3], 0});
            return std::pair(recv, send);
        };
        table(false);
        std::tie(recv_, send_) = table(true);
        elf.function("SSL_ImportFD", kReturn);
        find_socket_ = elf.function("", kReturn);
    }
    void inspect(const ElfBuilder& elf) {
        const auto image = ElfImage::open(folder_.write("libssl3.so", elf.build()));
        ASSERT_TRUE(image.has_value()) << image.error().message;
        file_ = inspect_image(*image);
        choice_ = file_.tls.empty() ? SiteChoice{} : file_.tls[0].sites;
    }

    std::uint64_t recv_ = 0, send_ = 0, find_socket_ = 0;
    InspectedFile file_;
    SiteChoice choice_;
    test::TempFolder folder_;
};

TEST_F(NssSites, PayloadIsFoundByTheTablesOfOperations) {
    for (const auto form : {ElfBuilder::Relocations::rela, ElfBuilder::Relocations::relr}) {
        ElfBuilder elf;
        elf.relocations(form);
        build(elf);
        const std::uint64_t handshake =
            elf.function("SSL_ForceHandshake",
                         kPush.substr(0, 1) + call_to(elf.next_address() + 1, find_socket_) + "\x5D\xC3");
        inspect(elf);
        ASSERT_NE(function("ssl_SecureRecv"), nullptr);
        EXPECT_EQ(function("ssl_SecureRecv")->best.entry.address, recv_);
        EXPECT_EQ(function("ssl_SecureRecv")->covers, std::vector<std::string>{"ssl_SecureRead"});
        ASSERT_NE(function("ssl_SecureSend"), nullptr);
        EXPECT_EQ(function("ssl_SecureSend")->best.entry.address, send_);
        EXPECT_NE(function("ssl_SecureClose"), nullptr);
        // Behind the call that looks up the socket, whatever kernel it is.
        ASSERT_NE(function("SSL_ForceHandshake"), nullptr);
        EXPECT_EQ(function("SSL_ForceHandshake")->best.entry.address, handshake + 6);
        EXPECT_EQ(function("SSL_ForceHandshake")->best.entry.stack, 8U);
        EXPECT_EQ(function("SSL_ForceHandshake")->plain.entry.address, handshake + 6);
    }
}

TEST_F(NssSites, HandshakesThatLookNothingUpAreNotProbed) {
    for (const Bytes& code : {kReturn, kPush + kReturn}) {
        ElfBuilder elf;
        build(elf);
        elf.function("SSL_ForceHandshake", code);
        inspect(elf);
        EXPECT_EQ(function("SSL_ForceHandshake"), nullptr);
        EXPECT_NE(function("ssl_SecureRecv"), nullptr);
    }
}

TEST_F(NssSites, WithoutTheTablesItIsSaidThatNothingIsCaptured) {
    ElfBuilder elf;
    build(elf, false);
    elf.function("SSL_ForceHandshake", kReturn);
    elf.rodata("NSS 3.87.1");
    inspect(elf);
    EXPECT_TRUE(file_.tls.empty());
    ASSERT_EQ(file_.foreign.size(), 1U);
    EXPECT_EQ(full_name(file_.foreign[0]), "NSS 3.87.1");
    EXPECT_EQ(file_.foreign[0].obstacle, "whose functions that read and write could not be found");
}

TEST_F(NssSites, InstalledNss) {
    const auto image = ElfImage::open("/usr/lib/x86_64-linux-gnu/libssl3.so");
    if (!image) {
        GTEST_SKIP() << "no libssl3.so here";
    }
    file_ = inspect_image(*image);
    ASSERT_EQ(file_.tls.size(), 1U);
    EXPECT_EQ(file_.tls[0].identity.name, "NSS");
    EXPECT_TRUE(file_.tls[0].identity.version.starts_with("3."));
    choice_ = file_.tls[0].sites;
    for (const std::string_view symbol : {"ssl_SecureRecv", "ssl_SecureSend", "SSL_ForceHandshake",
                                          "ssl_SecureShutdown", "SSL_GetNextProto"}) {
        ASSERT_NE(function(symbol), nullptr) << symbol;
        EXPECT_FALSE(function(symbol)->best.returns.empty()) << symbol;
    }
    for (const std::string_view symbol : {"ssl_SecureRecv", "ssl_SecureSend"}) {
        EXPECT_FALSE(function(symbol)->best.entry.is_stepped) << symbol;
    }
    EXPECT_NE(function("ssl_SecureClose"), nullptr);
}

}  // namespace
}  // namespace sslsniff
