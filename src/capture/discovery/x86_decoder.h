#pragma once

#include <Zydis/Zydis.h>

#include <array>
#include <span>

#include "base/bytes.h"

// How the sources of this folder decode x86-64 code.
namespace sslsniff {

struct X86Instruction {
    ZydisDecodedInstruction head;
    std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;

    /// With the implicit ones.
    std::span<const ZydisDecodedOperand> used() const {
        return std::span(operands).first(head.operand_count);
    }
};

class X86Decoder {
  public:
    X86Decoder() { ZydisDecoderInit(&decoder_, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64); }

    /// False when `code` does not begin with an instruction.
    bool decode(ByteView code, X86Instruction& into) const {
        return ZYAN_SUCCESS(
            ZydisDecoderDecodeFull(&decoder_, code.data(), code.size(), &into.head, into.operands.data()));
    }

  private:
    ZydisDecoder decoder_{};
};

/// The 64-bit register that `part` lies in.
inline ZydisRegister full_register(ZydisRegister part) {
    return ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, part);
}

/// As x86 encodes it: 0 for RAX ... 15 for R15; -1 for others.
inline int register_number(ZydisRegister part) {
    const ZydisRegister full = full_register(part);
    return full >= ZYDIS_REGISTER_RAX && full <= ZYDIS_REGISTER_R15 ? full - ZYDIS_REGISTER_RAX : -1;
}

}  // namespace sslsniff
