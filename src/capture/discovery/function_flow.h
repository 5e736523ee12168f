#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capture/discovery/elf_image.h"

namespace sslsniff {

/// General registers by their x86 numbers: the System V ABI passes arguments in most of these.
namespace x86 {
inline constexpr unsigned kRax = 0;
inline constexpr unsigned kRcx = 1;
inline constexpr unsigned kRdx = 2;
inline constexpr unsigned kRbx = 3;
inline constexpr unsigned kRsp = 4;
inline constexpr unsigned kRsi = 6;
inline constexpr unsigned kRdi = 7;
inline constexpr unsigned kR8 = 8;
inline constexpr unsigned kR9 = 9;
}  // namespace x86

/// An instruction that a call of the function can reach.
struct FlowStep {
    std::uint64_t address = 0;
    std::uint8_t length = 0;
    bool is_emulated = false;  ///< as is_emulated() of machine_code.h
    bool is_target = false;    ///< also reached by a jump
    bool is_call = false;
    bool is_jump = false;  ///< without condition, or a return: what stands behind is not reached from here
    bool checks_canary = false;  ///< compares with the stack protector's canary, in the thread's segment
    std::uint32_t writes = 0;    ///< general registers, a bit each, by x86 numbers
    /// How far the stack pointer is below where it was at the first instruction; nullopt when the code does
    /// not tell.
    std::optional<std::uint32_t> stack{};
    const char* mnemonic = "";  ///< "js"; lives forever
    /// Offset in a structure from which a whole register is loaded.
    std::optional<std::int64_t> loaded_from{};

    std::uint64_t end() const { return address + length; }
};

/// A jump out of the function, with the stack as it was at the first instruction, to where only the program
/// knows.
struct IndirectTailJump {
    std::uint64_t address = 0;
    /// The target was loaded from this offset of some structure, or lies there; nullopt: not told.
    std::optional<std::int64_t> displacement;
};

/// What a call of one function can reach up to its returns, its tail calls included.
struct FunctionFlow {
    std::vector<FlowStep> steps;               ///< by address
    std::vector<std::uint64_t> returns;        ///< addresses of RET instructions
    std::vector<std::uint64_t> linkage_jumps;  ///< tail jumps to entries of a procedure linkage table
    std::vector<IndirectTailJump> indirect_jumps;
    bool is_complete = true;  ///< false: longer than what is followed, or no code
};

/// Follows the code from `address`: both sides of branches, past calls, through tail jumps. Code is hostile:
/// what is followed is bounded. On aarch64 only the first instruction and returns are told, all of them only
/// if `size`, in bytes, is known (else 0).
FunctionFlow flow_of(const ElfImage& image, std::uint64_t address, std::uint64_t size = 0);

}  // namespace sslsniff
