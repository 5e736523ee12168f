#include "capture/discovery/function_flow.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <utility>

#include "capture/discovery/machine_code.h"
#include "capture/discovery/x86_decoder.h"

namespace sslsniff {
namespace {

constexpr std::size_t kMaxSteps = 16384;
constexpr std::size_t kWindow = 4096;
constexpr std::size_t kLongestInstruction = 15;

/// Code in pieces, as following it jumps to and fro.
class CodeReader {
  public:
    explicit CodeReader(const ElfImage& image) : image_(image) {}

    ByteView at(std::uint64_t address) {
        if (address < begin_ || address + kLongestInstruction > begin_ + window_.size()) {
            begin_ = address;
            window_ = image_.code(address, kWindow);
        }
        return ByteView(window_).substr(std::min<std::size_t>(address - begin_, window_.size()));
    }

  private:
    const ElfImage& image_;
    std::uint64_t begin_ = 0;
    Bytes window_;
};

/// What is known where an instruction begins.
struct StackState {
    std::optional<std::int64_t> depth = 0;  ///< as FlowStep::stack
    std::optional<std::int64_t> frame;      ///< the same of RBP, when it was set from the stack pointer
};

bool is_register(const ZydisDecodedOperand& operand, ZydisRegister reg) {
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && operand.reg.value == reg;
}

/// The state behind an instruction that is no jump.
StackState after(StackState state, const X86Instruction& instruction) {
    const auto& operands = instruction.operands;
    const auto constant = [&]() -> std::optional<std::int64_t> {
        return operands[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE ? std::optional(operands[1].imm.value.s)
                                                                : std::nullopt;
    };
    const auto deepen = [&state](std::optional<std::int64_t> by) {
        state.depth = state.depth && by ? std::optional(*state.depth + *by) : std::nullopt;
    };
    const bool moves_stack = is_register(operands[0], ZYDIS_REGISTER_RSP);
    switch (instruction.head.mnemonic) {
        case ZYDIS_MNEMONIC_PUSH:
        case ZYDIS_MNEMONIC_PUSHFQ:
            deepen(8);
            return state;
        case ZYDIS_MNEMONIC_POP:
        case ZYDIS_MNEMONIC_POPFQ:
            deepen(-8);
            break;
        case ZYDIS_MNEMONIC_LEAVE:
            state.depth = state.frame ? std::optional(*state.frame - 8) : std::nullopt;
            break;
        case ZYDIS_MNEMONIC_CALL:
            return state;
        default:
            if (moves_stack && instruction.head.mnemonic == ZYDIS_MNEMONIC_SUB) {
                deepen(constant());
            } else if (moves_stack && instruction.head.mnemonic == ZYDIS_MNEMONIC_ADD) {
                const auto by = constant();
                deepen(by ? std::optional(-*by) : std::nullopt);
            } else if (moves_stack && instruction.head.mnemonic == ZYDIS_MNEMONIC_LEA &&
                       operands[1].mem.index == ZYDIS_REGISTER_NONE) {
                const auto base = operands[1].mem.base == ZYDIS_REGISTER_RSP   ? state.depth
                                  : operands[1].mem.base == ZYDIS_REGISTER_RBP ? state.frame
                                                                               : std::nullopt;
                state.depth = base ? std::optional(*base - operands[1].mem.disp.value) : std::nullopt;
            } else if (moves_stack && instruction.head.mnemonic == ZYDIS_MNEMONIC_MOV &&
                       is_register(operands[1], ZYDIS_REGISTER_RBP)) {
                state.depth = state.frame;
            } else if (moves_stack && (operands[0].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0) {
                state.depth = std::nullopt;  // aligned, or another stack
            }
    }
    if (instruction.head.mnemonic == ZYDIS_MNEMONIC_MOV && is_register(operands[0], ZYDIS_REGISTER_RBP) &&
        is_register(operands[1], ZYDIS_REGISTER_RSP)) {
        state.frame = state.depth;
    } else if (is_register(operands[0], ZYDIS_REGISTER_RBP) &&
               (operands[0].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0) {
        state.frame = std::nullopt;
    }
    return state;
}

class X86Follower {
  public:
    explicit X86Follower(const ElfImage& image) : image_(image), code_(image) {}

    FunctionFlow follow(std::uint64_t address) {
        reach(address, {});
        while (!waiting_.empty()) {
            const auto [at, state] = waiting_.back();
            waiting_.pop_back();
            follow_straight(at, state);
        }
        flow_.is_complete = flow_.is_complete && !steps_.empty();
        for (auto& [unused, step] : steps_) {
            flow_.steps.push_back(step);
        }
        std::ranges::sort(flow_.returns);
        return std::move(flow_);
    }

  private:
    void reach(std::uint64_t address, const StackState& state) {
        if (const auto known = steps_.find(address); known != steps_.end()) {
            known->second.is_target = true;
        } else {
            jumped_to_.insert(address);
            waiting_.emplace_back(address, state);
        }
    }

    void follow_straight(std::uint64_t address, StackState state) {
        X86Instruction instruction{};
        displacements_.clear();
        while (!steps_.contains(address)) {
            if (steps_.size() >= kMaxSteps || !decoder_.decode(code_.at(address), instruction)) {
                flow_.is_complete = flow_.is_complete && steps_.size() < kMaxSteps;
                return;
            }
            const FlowStep step = note(address, instruction, state);
            if (!go_on(step, instruction, state)) {
                return;
            }
            state = after(state, instruction);
            address = step.end();
        }
    }

    FlowStep note(std::uint64_t address, const X86Instruction& instruction, const StackState& state) {
        FlowStep step;
        step.address = address;
        step.length = instruction.head.length;
        step.is_emulated = is_emulated(Machine::x86_64, code_.at(address));
        step.is_target = steps_.empty() ? false : jumped_to_.contains(address);
        step.is_call = instruction.head.mnemonic == ZYDIS_MNEMONIC_CALL;
        step.is_jump = instruction.head.mnemonic == ZYDIS_MNEMONIC_JMP ||
                       instruction.head.mnemonic == ZYDIS_MNEMONIC_RET;
        step.mnemonic = ZydisMnemonicGetString(instruction.head.mnemonic);
        if (state.depth && *state.depth >= 0 && *state.depth <= UINT32_MAX) {
            step.stack = static_cast<std::uint32_t>(*state.depth);
        }
        for (const ZydisDecodedOperand& operand : instruction.used()) {
            const int number =
                operand.type == ZYDIS_OPERAND_TYPE_REGISTER ? register_number(operand.reg.value) : -1;
            if (number >= 0 && (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0) {
                step.writes |= 1U << static_cast<unsigned>(number);
            }
            step.checks_canary |= operand.type == ZYDIS_OPERAND_TYPE_MEMORY &&
                                  operand.mem.segment == ZYDIS_REGISTER_FS &&
                                  instruction.head.mnemonic != ZYDIS_MNEMONIC_MOV;
        }
        remember_load(instruction, step);
        steps_.emplace(address, step);
        return step;
    }

    /// From which offset of a structure each register was loaded last.
    void remember_load(const X86Instruction& instruction, FlowStep& step) {
        const auto& operands = instruction.operands;
        const int number =
            operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER ? register_number(operands[0].reg.value) : -1;
        if (number < 0 || (operands[0].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) == 0) {
            return;
        }
        displacements_.erase(number);
        if (instruction.head.mnemonic == ZYDIS_MNEMONIC_MOV && operands[0].size == 64 &&
            operands[1].type == ZYDIS_OPERAND_TYPE_MEMORY && operands[1].mem.index == ZYDIS_REGISTER_NONE &&
            operands[1].mem.segment != ZYDIS_REGISTER_FS) {
            displacements_[number] = operands[1].mem.disp.value;
            step.loaded_from = operands[1].mem.disp.value;
        }
    }

    /// Follows jumps; false when the next instruction is not reached from here.
    bool go_on(const FlowStep& step, const X86Instruction& instruction, const StackState& state) {
        if (instruction.head.mnemonic == ZYDIS_MNEMONIC_RET) {
            // Code behind a call that never returns is another function's: its stack does not fit.
            if (!state.depth || *state.depth == 0) {
                flow_.returns.push_back(step.address);
            }
            return false;
        }
        const bool is_branch = step.is_jump || instruction.head.meta.category == ZYDIS_CATEGORY_COND_BR;
        if (!is_branch) {
            return instruction.head.mnemonic != ZYDIS_MNEMONIC_HLT &&
                   instruction.head.mnemonic != ZYDIS_MNEMONIC_UD2 &&
                   instruction.head.mnemonic != ZYDIS_MNEMONIC_INT3;
        }
        ZyanU64 target = 0;
        if (instruction.operands[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE ||
            !ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&instruction.head, instruction.operands.data(),
                                                   step.address, &target))) {
            note_indirect(step, instruction, state);
        } else if (image_.in_plt(target)) {
            flow_.linkage_jumps.push_back(target);
        } else {
            reach(target, state);
        }
        return !step.is_jump;
    }

    /// With a deeper stack it is a switch, whose cases end like the rest of the function.
    void note_indirect(const FlowStep& step, const X86Instruction& instruction, const StackState& state) {
        if (!state.depth || *state.depth != 0) {
            return;
        }
        const auto& operand = instruction.operands[0];
        IndirectTailJump jump{step.address, std::nullopt};
        if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.mem.index == ZYDIS_REGISTER_NONE) {
            jump.displacement = operand.mem.disp.value;
        } else if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER) {
            const auto load = displacements_.find(register_number(operand.reg.value));
            if (load != displacements_.end()) {
                jump.displacement = load->second;
            }
        }
        flow_.indirect_jumps.push_back(jump);
    }

    const ElfImage& image_;
    CodeReader code_;
    X86Decoder decoder_;
    std::map<std::uint64_t, FlowStep> steps_;
    std::set<std::uint64_t> jumped_to_;
    std::vector<std::pair<std::uint64_t, StackState>> waiting_;
    std::map<int, std::int64_t> displacements_;  ///< by register, within straight code
    FunctionFlow flow_;
};

/// All returns of a function of known size, else the first. There the stack pointer is what it was at the
/// beginning.
FunctionFlow follow_arm(const ElfImage& image, std::uint64_t address, std::uint64_t size) {
    constexpr std::size_t kInstruction = 4;
    constexpr std::uint32_t kRet = 0xD65F03C0;
    FunctionFlow flow;
    const Bytes code = image.code(address, size != 0 ? std::min<std::uint64_t>(size, kMaxSteps) : kWindow);
    for (std::size_t at = 0; at + kInstruction <= code.size(); at += kInstruction) {
        std::uint32_t word = 0;
        std::memcpy(&word, code.data() + at, sizeof word);
        FlowStep step;
        step.address = address + at;
        step.length = kInstruction;
        step.is_emulated = is_emulated(Machine::aarch64, ByteView(code).substr(at));
        step.is_jump = word == kRet;
        step.mnemonic = word == kRet ? "ret" : "instruction";
        if (at == 0 || word == kRet) {
            step.stack = 0;
        }
        flow.steps.push_back(step);
        if (word == kRet) {
            flow.returns.push_back(step.address);
            if (size == 0) {
                break;
            }
        }
    }
    flow.is_complete = !flow.returns.empty();
    return flow;
}

}  // namespace

FunctionFlow flow_of(const ElfImage& image, std::uint64_t address, std::uint64_t size) {
    return image.machine() == Machine::aarch64 ? follow_arm(image, address, size)
                                               : X86Follower(image).follow(address);
}

}  // namespace sslsniff
