#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "capture/discovery/elf_image.h"

namespace sslsniff {

/// Length of the endbr64 instruction `code` begins with, 0 when it does not.
std::size_t endbr64_size(Machine machine, ByteView code);

/// The kernel emulates the first instruction of `code` under a uprobe instead of single-stepping it, on every
/// supported version: push_setup_xol_ops() and branch_setup_xol_ops() of arch/x86/kernel/uprobes.c (push of a
/// 64-bit register, relative call, jmp and jcc, one-byte nop), arm_probe_decode_insn() of
/// arch/arm64/kernel/probes/decode-insn.c (relative branches, nop).
bool is_emulated(Machine machine, ByteView code);

/// A call or jump to a fixed address outside the function it is in.
struct NearCall {
    std::uint64_t target = 0;
    /// Which argument (counted from 1) was last set to an address in the caller's stack frame, so that the
    /// callee can store a result there. Of arguments 4 and 5; nullopt when neither was, always so on aarch64.
    std::optional<unsigned> stack_argument;
};

/// The near calls in the `code` of one function that lies at `address`, in order of address. Decodes
/// straight ahead and stops at bytes that are no instructions.
std::vector<NearCall> near_calls(Machine machine, ByteView code, std::uint64_t address);

/// The slot of the global offset table through which the entry of a procedure linkage table at `address`
/// jumps.
std::optional<std::uint64_t> plt_slot(Machine machine, ByteView code, std::uint64_t address);

/// Bytes before the end of the first function in `code`: for symbols without a size. Ends behind the first
/// return.
std::size_t first_return(Machine machine, ByteView code);

}  // namespace sslsniff
