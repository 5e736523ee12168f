#include "capture/discovery/machine_code.h"

#include <array>
#include <cstring>

#include "capture/discovery/x86_decoder.h"

namespace sslsniff {
namespace {

constexpr std::size_t kArmInstruction = 4;

std::uint32_t arm_word(ByteView code) {
    std::uint32_t word = 0;
    std::memcpy(&word, code.data(), sizeof word);
    return word;
}

constexpr bool is_arm_branch(std::uint32_t word) {  // B, BL: op0 x00101 of C4.1 in the Arm manual
    return (word & 0x7C000000U) == 0x14000000U;
}

bool is_arm_emulated(ByteView code) {
    constexpr std::uint32_t kNop = 0xD503201F;
    return code.size() >= kArmInstruction && (is_arm_branch(arm_word(code)) || arm_word(code) == kNop);
}

std::vector<NearCall> arm_near_calls(ByteView code, std::uint64_t address) {
    std::vector<NearCall> calls;
    for (std::size_t at = 0; at + kArmInstruction <= code.size(); at += kArmInstruction) {
        const std::uint32_t word = arm_word(code.substr(at));
        if (is_arm_branch(word)) {
            const auto words = static_cast<std::int32_t>(word << 6) >> 6;  // imm26, signed
            const std::uint64_t target = address + at + static_cast<std::uint64_t>(std::int64_t{words} * 4);
            if (target < address || target - address >= code.size()) {
                calls.push_back({target, std::nullopt});
            }
        }
    }
    return calls;
}

/// [bti c;] adrp x16, page; ldr x17, [x16, #offset]
std::optional<std::uint64_t> arm_plt_slot(ByteView code, std::uint64_t address) {
    constexpr std::uint64_t kPage = 4096;
    for (std::size_t at = 0; at + 2 * kArmInstruction <= code.size(); at += kArmInstruction) {
        const std::uint32_t adrp = arm_word(code.substr(at));
        const std::uint32_t ldr = arm_word(code.substr(at + kArmInstruction));
        if ((adrp & 0x9F000000U) == 0x90000000U && (ldr & 0xFFC00000U) == 0xF9400000U) {
            const std::uint32_t pages = (adrp >> 5 & 0x7FFFFU) << 2 | (adrp >> 29 & 3U);  // imm21, signed
            const auto distance =
                std::int64_t{static_cast<std::int32_t>(pages << 11) >> 11} * std::int64_t{kPage};
            const std::uint64_t page = ((address + at) & ~(kPage - 1)) + static_cast<std::uint64_t>(distance);
            return page + std::uint64_t{ldr >> 10 & 0xFFFU} * 8;
        }
    }
    return std::nullopt;
}

bool is_frame_register(ZydisRegister reg) {
    return reg == ZYDIS_REGISTER_RSP || reg == ZYDIS_REGISTER_RBP;
}

bool writes(const ZydisDecodedOperand& operand, ZydisRegister reg) {
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER &&
           (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0 &&
           full_register(operand.reg.value) == reg;
}

/// lea disp(%rsp|%rbp), X or mov %rsp, X
bool yields_stack_address(const X86Instruction& instruction) {
    const ZydisDecodedOperand& source = instruction.operands[1];
    if (instruction.head.mnemonic == ZYDIS_MNEMONIC_LEA) {
        return is_frame_register(source.mem.base) && source.mem.index == ZYDIS_REGISTER_NONE;
    }
    return instruction.head.mnemonic == ZYDIS_MNEMONIC_MOV && source.type == ZYDIS_OPERAND_TYPE_REGISTER &&
           source.reg.value == ZYDIS_REGISTER_RSP;
}

/// Which of the argument registers 4 and 5 (System V ABI) hold stack addresses, straight ahead.
class StackArguments {
  public:
    void follow(const X86Instruction& instruction) {
        for (std::size_t i = 0; i < kRegisters.size(); ++i) {
            for (const ZydisDecodedOperand& operand : instruction.used()) {
                if (writes(operand, kRegisters[i])) {
                    holds_[i] = yields_stack_address(instruction);
                }
            }
        }
    }
    /// For a call here; afterwards the registers hold nothing, as calls may change them.
    std::optional<unsigned> take() {
        constexpr unsigned kFirst = 4;
        std::optional<unsigned> last;
        for (std::size_t i = 0; i < kRegisters.size(); ++i) {
            if (holds_[i]) {
                last = kFirst + static_cast<unsigned>(i);
            }
        }
        holds_ = {};
        return last;
    }

  private:
    static constexpr std::array kRegisters{ZYDIS_REGISTER_RCX, ZYDIS_REGISTER_R8};
    std::array<bool, kRegisters.size()> holds_{};
};

std::vector<NearCall> x86_near_calls(ByteView code, std::uint64_t address) {
    const X86Decoder decoder;
    X86Instruction instruction{};
    StackArguments arguments;
    std::vector<NearCall> calls;
    for (std::size_t at = 0; at < code.size() && decoder.decode(code.substr(at), instruction);
         at += instruction.head.length) {
        arguments.follow(instruction);
        const bool is_call = instruction.head.mnemonic == ZYDIS_MNEMONIC_CALL;
        ZyanU64 target = 0;
        if ((is_call || instruction.head.mnemonic == ZYDIS_MNEMONIC_JMP) &&
            instruction.operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
            ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&instruction.head, instruction.operands.data(),
                                                  address + at, &target)) &&
            (target < address || target - address >= code.size())) {
            calls.push_back({target, arguments.take()});
        } else if (is_call) {
            arguments.take();
        }
    }
    return calls;
}

/// [endbr64;] [bnd] jmp *slot(%rip)
std::optional<std::uint64_t> x86_plt_slot(ByteView code, std::uint64_t address) {
    const X86Decoder decoder;
    X86Instruction instruction{};
    const std::size_t at = endbr64_size(Machine::x86_64, code);
    ZyanU64 slot = 0;
    if (decoder.decode(code.substr(at), instruction) && instruction.head.mnemonic == ZYDIS_MNEMONIC_JMP &&
        instruction.operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY &&
        ZYAN_SUCCESS(
            ZydisCalcAbsoluteAddress(&instruction.head, instruction.operands.data(), address + at, &slot))) {
        return slot;
    }
    return std::nullopt;
}

bool is_x86_emulated(ByteView code) {
    const auto byte = [code](std::size_t i) -> unsigned {
        return i < code.size() ? static_cast<unsigned char>(code[i]) : 0U;
    };
    const auto is_push = [](unsigned opcode) { return opcode >= 0x50 && opcode <= 0x57; };
    constexpr unsigned kRexB = 0x41;  // the only prefix push_setup_xol_ops() takes
    const unsigned first = byte(0);
    // Longer nops (0f 1f) are emulated by recent kernels only.
    return is_push(first) || (first == kRexB && is_push(byte(1))) || first == 0xE8 || first == 0xE9 ||
           first == 0xEB || (first >= 0x70 && first <= 0x7F) || first == 0x90 ||
           (first == 0x0F && byte(1) >= 0x80 && byte(1) <= 0x8F);
}

}  // namespace

std::size_t endbr64_size(Machine machine, ByteView code) {
    static constexpr std::string_view kEndbr64 = "\xF3\x0F\x1E\xFA";
    return machine == Machine::x86_64 && code.starts_with(kEndbr64) ? kEndbr64.size() : 0;
}

bool is_emulated(Machine machine, ByteView code) {
    return machine == Machine::x86_64 ? is_x86_emulated(code) : is_arm_emulated(code);
}

std::vector<NearCall> near_calls(Machine machine, ByteView code, std::uint64_t address) {
    return machine == Machine::x86_64 ? x86_near_calls(code, address) : arm_near_calls(code, address);
}

std::optional<std::uint64_t> plt_slot(Machine machine, ByteView code, std::uint64_t address) {
    return machine == Machine::x86_64 ? x86_plt_slot(code, address) : arm_plt_slot(code, address);
}

std::size_t first_return(Machine machine, ByteView code) {
    if (machine == Machine::aarch64) {
        constexpr std::uint32_t kRet = 0xD65F03C0;
        std::size_t at = 0;
        while (at + kArmInstruction <= code.size()) {
            at += kArmInstruction;
            if (arm_word(code.substr(at - kArmInstruction)) == kRet) {
                break;
            }
        }
        return at;
    }
    const X86Decoder decoder;
    X86Instruction instruction{};
    std::size_t at = 0;
    while (at < code.size() && decoder.decode(code.substr(at), instruction)) {
        at += instruction.head.length;
        if (instruction.head.mnemonic == ZYDIS_MNEMONIC_RET) {
            break;
        }
    }
    return at;
}

}  // namespace sslsniff
