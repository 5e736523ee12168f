#include "capture/discovery/libraries/rustls_sites.h"

#include <gtest/gtest.h>

#include "capture/discovery/inspected_file.h"
#include "unit/capture/discovery/elf_builder.h"
#include "unit/capture/discovery/temp_folder.h"

namespace sslsniff {
namespace {

using test::ElfBuilder;

const Bytes kPrologue("\x55\x48\x89\xE5\x41\x57\x53\x48\x83\xEC\x20\x48\x89\xFB",
                      14);                                    // push, mov, push, push, sub, mov
const Bytes kEnd("\x48\x83\xC4\x20\x5B\x41\x5F\x5D\xC3", 9);  // add, pop, pop, pop, ret

// As compilers make RecordLayer::encrypt_outgoing() when they optimise for speed, in a copy inside another
// function, and for size, in a function of its own.
const Bytes kInlined(
    "\x48\x8D\x41\x01"       // lea 1(%rcx), %rax
    "\x48\x89\x43\x38"       // mov %rax, 0x38(%rbx)
    "\x48\x8B\x73\x10"       // mov 0x10(%rbx), %rsi
    "\x48\x8B\x43\x18"       // mov 0x18(%rbx), %rax
    "\x48\x8D\x7C\x24\x50"   // lea 0x50(%rsp), %rdi
    "\x48\x8D\x54\x24\x28"   // lea 0x28(%rsp), %rdx
    "\xFF\x50\x18"           // call *0x18(%rax)
    "\x80\x7C\x24\x50\xFF",  // cmpb $0xff, 0x50(%rsp)
    34);
constexpr std::size_t kInlinedCall = 26;
const Bytes kOutlined(
    "\x48\x8B\x4E\x38"   // mov 0x38(%rsi), %rcx
    "\x48\x8D\x41\x01"   // lea 1(%rcx), %rax
    "\x48\x89\x46\x38"   // mov %rax, 0x38(%rsi)
    "\x48\x8B\x46\x10"   // mov 0x10(%rsi), %rax
    "\x4C\x8B\x46\x18"   // mov 0x18(%rsi), %r8
    "\x48\x89\xC6"       // mov %rax, %rsi
    "\x41\xFF\x50\x18"   // call *0x18(%r8)
    "\x41\x80\x3E\x16",  // cmpb $0x16, (%r14)
    31);
constexpr std::size_t kOutlinedCall = 23;
const Bytes kKeep(
    "\xC6\x87\x2E\x03\x00\x00\x20"  // movb $0x20, 0x32e(%rdi)
    "\x48\x8B\x1E",                 // mov (%rsi), %rbx
    10);

class Rustls : public testing::Test {
  protected:
    std::uint64_t add(const Bytes& code) {
        return elf_.function("", kPrologue + code + kEnd) + kPrologue.size();
    }
    ElfImage image() { return *ElfImage::open(folder_.write("program", elf_.build())); }

    test::TempFolder folder_;
    ElfBuilder elf_;
};

TEST_F(Rustls, PlacesAreFoundByWhatTheCodeDoes) {
    const std::uint64_t inlined = add(kInlined);
    const std::uint64_t keeping = add(kKeep);
    const std::uint64_t outlined = add(kOutlined);
    const UnnamedParts parts = find_rustls(image());
    EXPECT_TRUE(parts.functions.empty());
    ASSERT_EQ(parts.records.size(), 3U);
    const ProbedFunction& read = parts.records[0];
    EXPECT_EQ(read.form.call, CALL_RECORD_READ);
    EXPECT_EQ(read.form.handle, behind_argument(1, 0x10, 8));
    EXPECT_EQ(read.best.entry.address, keeping - 8);  // push %rbx
    EXPECT_FALSE(read.best.entry.is_stepped);
    EXPECT_EQ(parts.records[1].form.call, CALL_RECORD_PARTS);
    EXPECT_EQ(parts.records[1].best.entry.address, inlined + kInlinedCall);
    EXPECT_EQ(parts.records[2].best.entry.address, outlined + kOutlinedCall);
    ASSERT_EQ(parts.transports.size(), 2U);
    EXPECT_EQ(parts.transports[0].best.returns.at(0).address, inlined + kInlinedCall + 3);
    EXPECT_EQ(parts.transports[1].best.returns.at(0).address, outlined + kOutlinedCall + 4);
}

TEST_F(Rustls, TheProgramIsCaptured) {
    add(kInlined);
    add(kKeep);
    elf_.rodata("/registry/src/rustls-0.23.40/src/common_state.rs");
    const InspectedFile file = inspect_image(image());
    ASSERT_EQ(file.tls.size(), 1U);
    EXPECT_EQ(full_name(file.tls[0].identity), "rustls 0.23.40");
    EXPECT_EQ(file.tls[0].sites.functions.size(), 2U);
    ASSERT_EQ(file.companions.size(), 1U);
    EXPECT_EQ(file.companions[0].sites.functions.size(), 1U);
}

TEST_F(Rustls, WhatCannotBeToldIsNamedAlone) {
    add(kInlined);  // an older one: nothing sets the counter
    elf_.rodata("/registry/src/rustls-0.21.12/src/conn.rs");
    const InspectedFile file = inspect_image(image());
    EXPECT_TRUE(file.tls.empty());
    ASSERT_EQ(file.foreign.size(), 1U);
    EXPECT_EQ(full_name(file.foreign[0]), "rustls 0.21.12");
}

TEST_F(Rustls, TwoOfOneKindProveNothing) {
    add(kInlined);
    add(kKeep);
    add(kKeep);
    EXPECT_TRUE(find_rustls(image()).empty());
}

TEST_F(Rustls, StatesThatDifferProveNothing) {
    add(kInlined);
    add(kKeep);
    Bytes other = kInlined;
    other[7] = '\x40';  // the number lies elsewhere
    add(other);
    EXPECT_TRUE(find_rustls(image()).empty());
}

TEST_F(Rustls, OtherCallsOfMethodsAreLeftAlone) {
    add(kKeep);
    for (const auto& [at, byte] : std::initializer_list<std::pair<std::size_t, char>>{
             {3, '\x02'},   // another number than the next one
             {11, '\x11'},  // no pointer beside that of the object
             {15, '\x28'},
             {25, '\x24'},  // the message is at %rsp: nothing wrong with that
         }) {
        Bytes other = kInlined;
        other[at] = byte;
        const auto function = at;
        add(other);
        const bool is_right = function == 25;
        EXPECT_EQ(find_rustls(image()).empty(), !is_right) << at;
    }
}

TEST_F(Rustls, ACounterInTheMidstOfAFunctionIsAnother) {
    add(kInlined);
    elf_.function("", kPrologue + Bytes("\x31\xFF", 2) + kKeep + kEnd);  // xor %edi, %edi before
    EXPECT_TRUE(find_rustls(image()).empty());
}

}  // namespace
}  // namespace sslsniff
