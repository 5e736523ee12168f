#include "capture/discovery/libraries/rustls_tracer.h"

#include "capture/discovery/function_flow.h"

namespace sslsniff {
namespace {

constexpr std::int64_t kPointer = 8;  // dyn: the address of the object, then that of the vtable

/// The number of the register that an operand is, or is a part of; nullopt: it is none.
std::optional<std::size_t> register_of(const ZydisDecodedOperand& operand) {
    const int number = operand.type == ZYDIS_OPERAND_TYPE_REGISTER ? register_number(operand.reg.value) : -1;
    return number >= 0 ? std::optional(static_cast<std::size_t>(number)) : std::nullopt;
}

}  // namespace

RustlsTracer::Value RustlsTracer::next(Value value) {
    value.is_next = true;
    return value;
}

/// What the instruction leaves in the register that is its first operand, if that is followed.
std::optional<RustlsTracer::Value> RustlsTracer::result_of(const X86Instruction& instruction) {
    const auto& operands = instruction.operands;
    switch (instruction.head.mnemonic) {
        case ZYDIS_MNEMONIC_MOV:
            if (operands[1].type == ZYDIS_OPERAND_TYPE_MEMORY) {
                return load(operands[1]);
            }
            if (operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY) {
                store(operands[0], operands[1]);
            } else if (operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER) {
                return value_of(operands[1].reg.value);
            }
            break;
        case ZYDIS_MNEMONIC_LEA:
            if (operands[1].mem.disp.value == 1 && operands[1].mem.index == ZYDIS_REGISTER_NONE) {
                return next(value_of(operands[1].mem.base));
            }
            break;
        case ZYDIS_MNEMONIC_INC:
            return incremented(operands[0]);
        case ZYDIS_MNEMONIC_ADD:
            if (operands[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE && operands[1].imm.value.u == 1) {
                return incremented(operands[0]);
            }
            break;
        default:
            break;
    }
    return std::nullopt;
}

void RustlsTracer::execute(const X86Instruction& instruction) {
    const std::optional<Value> result = result_of(instruction);
    for (const auto& operand : instruction.used()) {
        const bool writes = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
        if (const auto number = register_of(operand); writes && number) {
            registers_.at(*number) = unknown();
        }
    }
    const auto& first = instruction.operands[0];
    if (const auto number = register_of(first); result && number && first.size == 64) {
        registers_.at(*number) = *result;
    }
    if (instruction.head.meta.category == ZYDIS_CATEGORY_CALL ||
        instruction.head.meta.category == ZYDIS_CATEGORY_UNCOND_BR ||
        instruction.head.meta.category == ZYDIS_CATEGORY_RET) {
        forget();
    }
}

std::optional<EncrypterLayout> RustlsTracer::encrypter_called(const X86Instruction& instruction) const {
    const auto& target = instruction.operands[0];
    if (instruction.head.mnemonic != ZYDIS_MNEMONIC_CALL || target.type != ZYDIS_OPERAND_TYPE_MEMORY ||
        target.mem.index != ZYDIS_REGISTER_NONE || target.mem.disp.value != kFirstRustMethod) {
        return std::nullopt;
    }
    const Value table = value_of(target.mem.base);
    const Value& object = registers_[x86::kRsi];
    const bool is_box = object.loaded_from && !object.is_next && table.loaded_from && !table.is_next &&
                        object.origin == table.origin && *table.loaded_from == *object.loaded_from + kPointer;
    if (!is_box || !stored_ || stored_->origin != object.origin ||
        next(registers_[x86::kRcx]) != stored_->value) {
        return std::nullopt;
    }
    return EncrypterLayout{*object.loaded_from, stored_->offset};
}

void RustlsTracer::forget() {
    for (unsigned i = 0; i < registers_.size(); ++i) {
        registers_.at(i) = Value{static_cast<std::uint8_t>(i)};
    }
    stored_.reset();
}

RustlsTracer::Value RustlsTracer::unknown() {
    unknown_ = unknown_ == UINT8_MAX ? std::uint8_t{16} : static_cast<std::uint8_t>(unknown_ + 1);
    return Value{unknown_};
}

RustlsTracer::Value RustlsTracer::value_of(ZydisRegister reg) const {
    const int number = register_number(reg);
    return number >= 0 ? registers_.at(static_cast<std::size_t>(number)) : Value{16};
}

/// The origin of the structure that the operand lies in; nullopt: none that is known.
std::optional<std::uint8_t> RustlsTracer::structure_of(const ZydisDecodedOperand& operand) const {
    const Value base = value_of(operand.mem.base);
    return operand.size == 64 && operand.mem.index == ZYDIS_REGISTER_NONE && base.origin < 16 &&
                   base.origin != x86::kRsp && !base.loaded_from && !base.is_next
               ? std::optional(base.origin)
               : std::nullopt;
}

std::optional<RustlsTracer::Value> RustlsTracer::load(const ZydisDecodedOperand& from) const {
    const auto structure = structure_of(from);
    return structure ? std::optional(Value{*structure, from.mem.disp.value}) : std::nullopt;
}

void RustlsTracer::store(const ZydisDecodedOperand& place, const ZydisDecodedOperand& what) {
    const auto structure = structure_of(place);
    if (structure && what.type == ZYDIS_OPERAND_TYPE_REGISTER) {
        if (const Value value = value_of(what.reg.value); value.is_next) {
            stored_ = Stored{*structure, place.mem.disp.value, value};
        }
    }
}

/// Memory, or the register whose new value is given back.
std::optional<RustlsTracer::Value> RustlsTracer::incremented(const ZydisDecodedOperand& operand) {
    if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER) {
        return next(value_of(operand.reg.value));
    }
    if (const auto structure = structure_of(operand)) {
        stored_ = Stored{*structure, operand.mem.disp.value, next(Value{*structure, operand.mem.disp.value})};
    }
    return std::nullopt;
}

}  // namespace sslsniff
