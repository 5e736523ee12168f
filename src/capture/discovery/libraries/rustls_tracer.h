#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>

#include "capture/discovery/x86_decoder.h"

namespace sslsniff {

/// Where vtables have the address of the first method: behind the object's destructor, size and alignment.
inline constexpr std::int64_t kFirstRustMethod = 24;

/// Where the call of an encrypter finds what it needs in the state of the connection: offsets in bytes.
struct EncrypterLayout {
    std::int64_t encrypter = 0;  ///< Box<dyn MessageEncrypter>
    std::int64_t number = 0;     ///< of the next record
    auto operator<=>(const EncrypterLayout&) const = default;
};

/// Follows values through instructions of rustls that lie behind each other, to tell by what its state gives
/// a call whether it is that of an encrypter.
class RustlsTracer {
  public:
    RustlsTracer() { forget(); }

    void execute(const X86Instruction& instruction);
    /// If this instruction calls an encrypter with the number whose successor was stored before.
    std::optional<EncrypterLayout> encrypter_called(const X86Instruction& instruction) const;

  private:
    /// What a register holds, as far as it matters: what it held at the beginning of the piece of code, or
    /// what lies there in memory.
    struct Value {
        std::uint8_t origin = 0;  ///< number of the register; 16 and more: unknown, and unlike all others
        std::optional<std::int64_t> loaded_from{};
        bool is_next = false;  ///< 1 more than that
        bool operator==(const Value&) const = default;
    };
    struct Stored {
        std::uint8_t origin = 0;
        std::int64_t offset = 0;
        Value value;
    };

    static Value next(Value value);
    void forget();
    Value unknown();
    Value value_of(ZydisRegister reg) const;
    std::optional<Value> result_of(const X86Instruction& instruction);
    std::optional<std::uint8_t> structure_of(const ZydisDecodedOperand& operand) const;
    std::optional<Value> load(const ZydisDecodedOperand& from) const;
    void store(const ZydisDecodedOperand& place, const ZydisDecodedOperand& what);
    std::optional<Value> incremented(const ZydisDecodedOperand& operand);

    std::array<Value, 16> registers_{};
    std::uint8_t unknown_ = 16;
    std::optional<Stored> stored_;
};

}  // namespace sslsniff
