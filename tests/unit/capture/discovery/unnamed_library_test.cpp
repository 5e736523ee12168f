#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "capture/discovery/inspected_file.h"
#include "capture/discovery/libraries/openssl_unnamed.h"
#include "unit/capture/discovery/elf_builder.h"
#include "unit/capture/discovery/temp_folder.h"

namespace sslsniff {
namespace {

using test::call_to;
using test::ElfBuilder;

const Bytes kPush("\x53", 1);                                   // push %rbx
const Bytes kPopReturn("\x5B\xC3", 2);                          // pop %rbx; ret
const Bytes kCallMethod("\xFF\x50\x48", 3);                     // call *0x48(%rax)
const Bytes kStore("\x48\x01\x98\x80\x00\x00\x00", 7);          // add %rbx, 0x80(%rax)
const Bytes kLoadRead("\x48\x8B\x40\x18", 4);                   // mov 0x18(%rax), %rax
const Bytes kLoadWrite("\x48\x8B\x40\x10", 4);                  // mov 0x10(%rax), %rax
const Bytes kCallRax("\xFF\xD0", 2);                            // call *%rax
const Bytes kTest("\x85\xC0\x7E\x00", 4);                       // test %eax, %eax; jle next
const Bytes kEdi("\xBF", 1), kEsi("\xBE", 1), kEdx("\xBA", 1);  // mov $number, register
constexpr std::uint64_t kRodata = 0;                            // of ElfBuilder

Bytes number(std::uint32_t value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// A program without symbols, function by function.
class Program {
  public:
    Program() { text("not at address 0"); }

    std::uint64_t text(std::string_view text) {
        const std::uint64_t address = kRodata + used_;
        elf_.rodata(text);
        used_ += text.size() + 1;
        return address;
    }

    /// Begins a function that ends with the next one; returns its address.
    std::uint64_t begin() {
        end();
        code_ = kPush;
        return elf_.next_address();
    }
    void add(ByteView code) { code_ += code; }
    void call(std::uint64_t target) { code_ += call_to(elf_.next_address() + code_.size(), target); }
    /// lea address(%rip), register, by the second byte of what follows 48
    void lea(std::string_view opcode, std::uint64_t address) {
        const std::uint64_t end = elf_.next_address() + code_.size() + opcode.size() + 4;
        code_ += opcode;
        code_ += number(static_cast<std::uint32_t>(address - end));
    }
    /// BoringSSL's ERR_put_error(library, 0, reason, file, line)
    void report(std::uint64_t file, std::uint32_t library, std::uint32_t reason) {
        lea("\x48\x8D\x0D", file);
        add(kEdi + number(library) + Bytes("\x31\xF6", 2) + kEdx + number(reason));
        call(ElfBuilder::kTextAddress);
    }
    /// A function that makes nothing but reports.
    std::uint64_t reporter(std::uint64_t file, std::initializer_list<std::uint32_t> reasons) {
        const std::uint64_t address = begin();
        for (const std::uint32_t reason : reasons) {
            report(file, 16, reason);
        }
        return address;
    }
    void end() {
        if (!code_.empty()) {
            elf_.function("", code_ + kPopReturn);
        }
        code_.clear();
    }

    ElfImage image(const test::TempFolder& folder) {
        end();
        return *ElfImage::open(folder.write("program", elf_.build()));
    }

  private:
    ElfBuilder elf_;
    Bytes code_;
    std::uint64_t used_ = 0;
};

/// The functions of ssl_lib.cc that matter, and main(), which calls them.
struct BoringSsl {
    Program program;
    std::uint64_t file = program.text("/build/boringssl/src/ssl/ssl_lib.cc");
    std::uint64_t bio = program.text("/build/boringssl/src/crypto/bio/bio.cc");
    std::uint64_t put_error = program.begin();
    std::uint64_t reader = program.reporter(file, {226, 215});
    std::uint64_t read = program.reporter(file, {66});
    std::uint64_t peek = 0, write = 0, handshake = 0, shutdown = 0, create = 0, bio_read = 0, bio_write = 0;

    BoringSsl() {
        program.call(reader);
        program.add(kStore);
        peek = program.reporter(file, {66});
        program.call(reader);
        write = program.reporter(file, {66, 226, 111, 215});
        program.add(kCallMethod);
        handshake = program.reporter(file, {134});
        shutdown = program.reporter(file, {226, 291});
        create = program.reporter(file, {185});
        bio_read = bio_function(kLoadRead);
        bio_write = bio_function(kLoadWrite);
    }
    std::uint64_t bio_function(const Bytes& load) {
        const std::uint64_t address = program.begin();
        program.add(load);
        program.add(kCallRax + kTest);
        program.report(bio, 17, 115);
        program.report(bio, 17, 114);
        return address;
    }
    void call_all() {
        program.begin();
        for (const std::uint64_t function :
             {reader, read, peek, write, handshake, shutdown, create, bio_read, bio_write}) {
            program.call(function);
        }
    }
};

std::uint64_t address_of(const UnnamedParts& parts, std::string_view name) {
    const auto symbol = parts.functions.find(name);
    return symbol != parts.functions.end() ? symbol->second.address : 0;
}

TEST(UnnamedLibrary, BoringSslByItsReasons) {
    const test::TempFolder folder;
    BoringSsl library;
    library.call_all();
    const auto found = find_unnamed_openssl(library.program.image(folder));
    EXPECT_EQ(address_of(found, "SSL_read"), library.read);
    EXPECT_EQ(address_of(found, "SSL_peek"), library.peek);
    EXPECT_EQ(address_of(found, "SSL_write"), library.write);
    EXPECT_EQ(address_of(found, "SSL_do_handshake"), library.handshake);
    EXPECT_EQ(address_of(found, "SSL_shutdown"), library.shutdown);
    EXPECT_EQ(address_of(found, "SSL_new"), library.create);
    ASSERT_EQ(found.transports.size(), 2U);
    EXPECT_EQ(found.transports[0].form.call, CALL_TRANSPORT_READ);
    EXPECT_EQ(found.transports[0].best.entry.address, library.bio_read + 5);
    ASSERT_EQ(found.transports[0].best.returns.size(), 1U);
    EXPECT_EQ(found.transports[0].best.returns[0].instruction, "jle");
    EXPECT_EQ(found.transports[1].form.call, CALL_TRANSPORT_WRITE);
    EXPECT_EQ(found.transports[1].best.entry.address, library.bio_write + 5);
    EXPECT_TRUE(found.transports[1].best.returns.empty());
}

// It is planned like any other library; what SSL_new() returns is seen where it returns.
TEST(UnnamedLibrary, IsPlanned) {
    const test::TempFolder folder;
    BoringSsl library;
    library.call_all();
    const InspectedFile file = inspect_image(library.program.image(folder));
    EXPECT_TRUE(file.foreign.empty());
    ASSERT_EQ(file.tls.size(), 1U);
    EXPECT_EQ(file.tls[0].identity.name, "BoringSSL");
    const auto& functions = file.tls[0].sites.functions;
    const auto create = std::ranges::find(functions, "SSL_new", &ProbedFunction::symbol);
    ASSERT_NE(create, functions.end());
    EXPECT_EQ(create->form.call, CALL_CLEAR);
    EXPECT_EQ(create->form.handle, in_register(0));
    EXPECT_EQ(create->best.entry.instruction, "ret");
    EXPECT_TRUE(create->best.returns.empty());
    ASSERT_EQ(file.companions.size(), 1U);
    EXPECT_EQ(file.companions[0].sites.functions.size(), 2U);
}

TEST(UnnamedLibrary, WhatFitsTwiceIsNotTaken) {
    const test::TempFolder folder;
    BoringSsl library;
    const std::uint64_t other = library.program.reporter(library.file, {226, 111});
    library.call_all();
    library.program.call(other);
    const ElfImage image = library.program.image(folder);
    const auto found = find_unnamed_openssl(image);
    EXPECT_EQ(address_of(found, "SSL_write"), 0U);
    EXPECT_EQ(address_of(found, "SSL_read"), library.read);
    const InspectedFile file = inspect_image(image);
    EXPECT_TRUE(file.tls.empty());
    ASSERT_EQ(file.foreign.size(), 1U);
    EXPECT_NE(file.foreign[0].obstacle.find("not found"), std::string::npos);
}

TEST(UnnamedLibrary, FunctionsAreCalledFromSomewhere) {
    const test::TempFolder folder;
    BoringSsl library;  // nothing calls SSL_read and SSL_write
    EXPECT_EQ(address_of(find_unnamed_openssl(library.program.image(folder)), "SSL_write"), 0U);
}

// e8 and a distance, inside of a number: the "call" leads into the midst of a function.
TEST(UnnamedLibrary, NumbersThatLookLikeCallsAreNone) {
    const test::TempFolder folder;
    BoringSsl library;
    library.call_all();
    for (const std::uint64_t into : {library.write + 1, library.write + 2, library.read + 9}) {
        const std::uint64_t begin = library.program.begin();
        library.program.add(Bytes("\x48\xB8", 2) + call_to(begin + 3, into) + Bytes(3, '\0'));
    }
    const auto found = find_unnamed_openssl(library.program.image(folder));
    EXPECT_EQ(address_of(found, "SSL_write"), library.write);
    EXPECT_EQ(address_of(found, "SSL_read"), library.read);
}

TEST(UnnamedLibrary, OpenSslByNamesAndNumbers) {
    const test::TempFolder folder;
    Program program;
    const std::uint64_t file = program.text("../ssl/ssl_lib.c");
    const std::uint64_t name = program.text("SSL_read");
    program.begin();
    const std::uint64_t read = program.begin();  // ERR_set_debug(file, line, function)
    program.lea("\x48\x8D\x15", name);
    program.lea("\x48\x8D\x3D", file);
    program.add(kEsi + number(1868));
    program.call(ElfBuilder::kTextAddress);
    const std::uint64_t write = program.begin();  // ERR_put_error(library, function, reason, file, line)
    program.lea("\x48\x8D\x0D", file);
    program.add(kEdi + number(20) + kEsi + number(208) + kEdx + number(271));
    program.call(ElfBuilder::kTextAddress);
    program.begin();
    program.call(read);
    program.call(write);
    const auto found = find_unnamed_openssl(program.image(folder));
    EXPECT_EQ(address_of(found, "SSL_read"), read);
    EXPECT_EQ(address_of(found, "SSL_write"), write);
    EXPECT_EQ(found.functions.size(), 2U);
}

// Whatever the code is, the end comes soon, and nothing is found.
TEST(UnnamedLibrary, AnyCode) {
    const test::TempFolder folder;
    std::mt19937 random(1);  // NOLINT(bugprone-random-generator-seed,cert-msc51-cpp): the same each time
    for (const unsigned kind : {0U, 1U, 2U}) {
        ElfBuilder elf;
        elf.rodata("0");
        elf.rodata("ssl/ssl_lib.cc");
        elf.rodata("crypto/bio/bio.cc");
        Bytes code;
        while (code.size() < (std::size_t{1} << 20)) {
            if (kind == 0) {
                code += static_cast<char>(random());
            } else {  // references and calls alone, to anywhere near
                const std::uint64_t at = ElfBuilder::kTextAddress + code.size();
                code += Bytes("\x48\x8D\x0D", 3) + number(static_cast<std::uint32_t>(2 - (at + 7)));
                code += call_to(at + 7, kind == 1 ? at & ~std::uint64_t{15}
                                                  : ElfBuilder::kTextAddress + random() % (1U << 20));
            }
        }
        elf.function("", code);
        const auto image = ElfImage::open(folder.write("program", elf.build()));
        ASSERT_TRUE(image.has_value());
        EXPECT_TRUE(find_unnamed_openssl(*image).functions.empty()) << kind;
    }
}

#ifdef STATIC_OPENSSL
// What is found without looking at symbols is what the symbols say.
TEST(UnnamedLibrary, RealOpenSsl) {
    const auto image = ElfImage::open(STATIC_OPENSSL);
    ASSERT_TRUE(image.has_value());
    const auto found = find_unnamed_openssl(*image);
    static constexpr std::array<std::string_view, 9> kNames{
        "SSL_read", "SSL_write", "SSL_peek",   "SSL_do_handshake", "SSL_shutdown",
        "SSL_new",  "SSL_clear", "SSL_set_fd", "bio_read_intern"};
    for (const auto& [name, symbol] : image->find_functions(kNames)) {
        EXPECT_EQ(address_of(found, name), symbol.address) << name;
    }
    EXPECT_GE(image->find_functions(kNames).size(), 8U);
}
#endif

}  // namespace
}  // namespace sslsniff
