#include "capture/discovery/machine_code.h"

#include <gtest/gtest.h>

#include "unit/capture/discovery/elf_builder.h"

namespace sslsniff {
namespace {

using test::call_to;
using test::jump_to;

bool emulated(ByteView code) {
    return is_emulated(Machine::x86_64, code);
}

TEST(MachineCode, WhatTheKernelEmulates) {
    EXPECT_TRUE(emulated("\x55"));      // push %rbp
    EXPECT_TRUE(emulated("\x41\x57"));  // push %r15
    EXPECT_TRUE(emulated("\xE8"));      // call
    EXPECT_TRUE(emulated("\xE9"));
    EXPECT_TRUE(emulated("\xEB"));
    EXPECT_TRUE(emulated("\x74\x05"));      // je
    EXPECT_TRUE(emulated("\x0F\x84\x05"));  // je rel32
    EXPECT_TRUE(emulated("\x90"));
    EXPECT_FALSE(emulated("\x48\x83\xEC\x18"));               // sub $0x18, %rsp
    EXPECT_FALSE(emulated("\xF3\x0F\x1E\xFA\x55"));           // endbr64
    EXPECT_FALSE(emulated("\x40\x55"));                       // a prefix the kernel does not take
    EXPECT_FALSE(emulated(ByteView("\x0F\x1F\x44\0\0", 5)));  // nop of five bytes
    EXPECT_FALSE(emulated(""));
    EXPECT_FALSE(emulated("\x41"));
    EXPECT_FALSE(emulated("\x0F"));
    EXPECT_EQ(endbr64_size(Machine::x86_64, "\xF3\x0F\x1E\xFA\x55"), 4U);
    EXPECT_EQ(endbr64_size(Machine::x86_64, "\xF3\x0F\x1E"), 0U);
}

TEST(MachineCode, CallsAndTheirStackArgument) {
    constexpr std::uint64_t kAt = 0x1000;
    Bytes code("\x48\x8D\x4C\x24\x08", 5);  // lea 8(%rsp), %rcx
    code += call_to(kAt + code.size(), 0x2000);
    code += call_to(kAt + code.size(), 0x3000);  // %rcx was lost in the first call
    code += Bytes("\x4C\x8D\x45\xF0", 4);        // lea -16(%rbp), %r8
    code += Bytes("\x31\xC9", 2);                // xor %ecx, %ecx
    code += call_to(kAt + code.size(), 0x4000);
    code += Bytes("\x48\x89\xE1", 3);             // mov %rsp, %rcx
    code += Bytes("\x48\x8B\x0C\x24", 4);         // mov (%rsp), %rcx: no longer an address
    code += jump_to(kAt + code.size(), 0x500);    // tail call
    code += jump_to(kAt + code.size(), kAt + 3);  // stays inside
    const auto calls = near_calls(Machine::x86_64, code, kAt);
    ASSERT_EQ(calls.size(), 4U);
    EXPECT_EQ(calls[0].target, 0x2000U);
    EXPECT_EQ(calls[0].stack_argument, 4U);
    EXPECT_EQ(calls[1].target, 0x3000U);
    EXPECT_EQ(calls[1].stack_argument, std::nullopt);
    EXPECT_EQ(calls[2].target, 0x4000U);
    EXPECT_EQ(calls[2].stack_argument, 5U);
    EXPECT_EQ(calls[3].target, 0x500U);
    EXPECT_EQ(calls[3].stack_argument, std::nullopt);
}

TEST(MachineCode, ArmBranches) {
    const Bytes code("\x1F\x20\x03\xD5\x02\x00\x00\x94\xFE\xFF\xFF\x17", 12);  // nop; bl +8; b -8
    EXPECT_TRUE(is_emulated(Machine::aarch64, code));
    EXPECT_FALSE(is_emulated(Machine::aarch64, "\xFD\x7B\xBE\xA9"));  // stp x29, x30, [sp, #-32]!
    const auto calls = near_calls(Machine::aarch64, code, 0x1000);
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_EQ(calls[0].target, 0x100CU);
}

TEST(MachineCode, ProcedureLinkageTable) {
    EXPECT_EQ(plt_slot(Machine::x86_64, ByteView("\xFF\x25\x10\0\0\0", 6), 0x1000), 0x1016U);
    EXPECT_EQ(plt_slot(Machine::x86_64, ByteView("\xF3\x0F\x1E\xFA\xF2\xFF\x25\x10\0\0\0", 11), 0x1000),
              0x101BU);
    EXPECT_EQ(plt_slot(Machine::x86_64, "\xC3", 0x1000), std::nullopt);
    // adrp x16, +0x1f000; ldr x17, [x16, #0xa8]
    EXPECT_EQ(plt_slot(Machine::aarch64, ByteView("\xF0\0\0\xF0\x11\x56\x40\xF9", 8), 0x1230), 0x200A8U);
}

TEST(MachineCode, AnyBytesAreSurvived) {
    for (unsigned first = 0; first < 256; ++first) {
        for (unsigned second = 0; second < 256; ++second) {
            const Bytes code{static_cast<char>(first), static_cast<char>(second), '\x0F', '\x05'};
            for (const Machine machine : {Machine::x86_64, Machine::aarch64}) {
                near_calls(machine, code, ~std::uint64_t{0} - 2);
                EXPECT_LE(first_return(machine, code), code.size());
                plt_slot(machine, code, 0);
            }
        }
    }
}

}  // namespace
}  // namespace sslsniff
