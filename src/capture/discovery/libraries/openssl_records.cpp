#include "capture/discovery/libraries/openssl_records.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <set>
#include <span>

#include "capture/discovery/function_flow.h"
#include "capture/discovery/x86_decoder.h"

namespace sslsniff {
namespace {

constexpr std::size_t kMaxFunctions = 512;
constexpr std::size_t kBefore = 16;  // instructions looked at before a call
constexpr std::size_t kBehind = 24;

using Steps = std::span<const FlowStep>;

/// Reads instructions of a flow again, with their operands.
class Decoder {
  public:
    explicit Decoder(const ElfImage& image) : image_(image) {}

    std::optional<X86Instruction> at(const FlowStep& step) const {
        X86Instruction instruction{};
        const Bytes code = image_.code(step.address, step.length);
        return decoder_.decode(code, instruction) ? std::optional(instruction) : std::nullopt;
    }

  private:
    const ElfImage& image_;
    X86Decoder decoder_;
};

/// Of `mov` and the like, memory without index.
bool is_place(const ZydisDecodedOperand& operand) {
    return operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.mem.index == ZYDIS_REGISTER_NONE &&
           operand.mem.segment != ZYDIS_REGISTER_FS;
}

bool is_on_stack(const ZydisDecodedOperand& operand) {
    return is_place(operand) && operand.mem.base == ZYDIS_REGISTER_RSP;
}

bool is_full_register(const ZydisDecodedOperand& operand, ZydisRegister reg) {
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && operand.reg.value == reg;
}

std::optional<std::uint16_t> stack_offset(const ZydisDecodedOperand& operand) {
    const std::int64_t offset = operand.mem.disp.value;
    return is_on_stack(operand) && offset >= 0 && offset <= UINT16_MAX
               ? std::optional(static_cast<std::uint16_t>(offset))
               : std::nullopt;
}

/// The instructions that are always passed before steps[index], the nearest first.
Steps block_before(Steps steps, std::size_t index) {
    std::size_t begin = index;
    while (begin > 0 && index - begin < kBefore && !steps[begin].is_target &&
           steps[begin - 1].end() == steps[begin].address && !steps[begin - 1].is_jump &&
           !steps[begin - 1].is_call) {
        --begin;
    }
    return steps.subspan(begin, index - begin);
}

/// The four fields of what is pending, in one structure.
bool stores_what_is_pending(const Decoder& decoder, Steps block) {
    struct Store {
        ZydisRegister base;
        std::int64_t offset;
        unsigned bits;
        auto operator<=>(const Store&) const = default;
    };
    std::set<Store> stores;
    for (const FlowStep& step : block) {
        const auto instruction = decoder.at(step);
        if (instruction && instruction->head.mnemonic == ZYDIS_MNEMONIC_MOV &&
            is_place(instruction->operands[0]) && !is_on_stack(instruction->operands[0])) {
            const auto& place = instruction->operands[0];
            stores.insert({place.mem.base, place.mem.disp.value, place.size});
        }
    }
    constexpr unsigned kPointer = 64;
    constexpr unsigned kInt = 32;
    return std::ranges::any_of(stores, [&](const Store& first) {
        return first.bits == kPointer && stores.contains({first.base, first.offset + 8, kInt}) &&
               stores.contains({first.base, first.offset + 16, kPointer}) &&
               stores.contains({first.base, first.offset + 24, kPointer});
    });
}

/// How OpenSSL lays out a record: where its data, the offset in it and its type lie.
struct RecordLayout {
    std::int64_t data;
    std::int64_t offset;
    std::uint16_t type;
    std::uint8_t type_bytes;
};
constexpr std::array kLayouts{
    RecordLayout{0x20, 0x18, 0x4, 4},  // SSL3_RECORD: 1.1.0 to 3.1
    RecordLayout{0x10, 0x28, 0xC, 1},  // TLS_RECORD: 3.2 on
};

/// The record that is copied from, when RSI is set to its data plus the offset: the register, and the layout.
std::optional<std::pair<int, RecordLayout>> record_copied(const Decoder& decoder, Steps block) {
    std::optional<X86Instruction> loaded;
    std::optional<X86Instruction> added;
    for (const FlowStep& step : block) {
        const auto instruction = (step.writes & 1U << x86::kRsi) != 0 ? decoder.at(step) : std::nullopt;
        if (!instruction) {
            continue;
        }
        const bool from_place = is_full_register(instruction->operands[0], ZYDIS_REGISTER_RSI) &&
                                is_place(instruction->operands[1]) && !is_on_stack(instruction->operands[1]);
        if (from_place && instruction->head.mnemonic == ZYDIS_MNEMONIC_MOV) {
            loaded = instruction;
            added.reset();
        } else if (from_place && instruction->head.mnemonic == ZYDIS_MNEMONIC_ADD && !added) {
            added = instruction;
        } else {
            loaded.reset();
        }
    }
    if (!loaded || !added || loaded->operands[1].mem.base != added->operands[1].mem.base) {
        return std::nullopt;
    }
    const std::int64_t a = loaded->operands[1].mem.disp.value;
    const std::int64_t b = added->operands[1].mem.disp.value;
    const auto layout = std::ranges::find_if(kLayouts, [&](const RecordLayout& each) {
        return (each.data == a && each.offset == b) || (each.data == b && each.offset == a);
    });
    const int number = register_number(loaded->operands[1].mem.base);
    return layout != kLayouts.end() && number >= 0 ? std::optional(std::pair(number, *layout)) : std::nullopt;
}

/// memcpy(to the reader, from the record, length). What stands behind it: `if (peek) ... else`, then the
/// session is used. Both lie on the stack.
std::optional<CallForm> read_form(const Decoder& decoder, Steps steps, std::size_t call) {
    CallForm form{.call = CALL_RECORD_READ, .buffer = argument(2), .length = argument(3)};
    std::optional<ZydisRegister> flag;
    bool tested = false;
    for (std::size_t i = call + 1; i < steps.size() && i <= call + kBehind; ++i) {
        const auto instruction = steps[i - 1].end() == steps[i].address ? decoder.at(steps[i]) : std::nullopt;
        if (!instruction || steps[i].is_call) {
            break;
        }
        const auto& operands = instruction->operands;
        const auto offset = instruction->head.mnemonic == ZYDIS_MNEMONIC_MOV &&
                                    operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER
                                ? stack_offset(operands[1])
                                : std::nullopt;
        if (!flag && offset && operands[0].size == 32) {
            flag = operands[0].reg.value;
            form.unread = in_memory(x86::kRsp, *offset, 4);
        } else if (flag && instruction->head.mnemonic == ZYDIS_MNEMONIC_TEST &&
                   is_full_register(operands[0], *flag) && is_full_register(operands[1], *flag)) {
            tested = true;
        } else if (tested && offset && operands[0].size == 64) {
            form.handle = in_memory(x86::kRsp, *offset, 8);
            return form;
        }
    }
    return std::nullopt;
}

/// ssl3_write_pending(session, int type, buffer, length)
constexpr CallForm kWriteForm{.call = CALL_RECORD_WRITE,
                              .handle = argument(1),
                              .buffer = argument(3),
                              .length = argument(4),
                              .type = int_argument(2)};

ProbedFunction site_of(const ElfImage& image, const FlowStep& step, const CallForm& form) {
    ProbedFunction function;
    function.symbol = form.call == CALL_RECORD_WRITE ? "records sent" : "records received";
    function.is_internal = true;
    function.form = form;
    function.best.entry.address = step.address;
    function.best.entry.file_offset = image.file_offset(step.address).value_or(0);
    function.best.entry.is_stepped = !step.is_emulated;
    function.best.entry.instruction = step.mnemonic;
    return function;
}

class Finder {
  public:
    explicit Finder(const ElfImage& image) : image_(image), decoder_(image) {}

    /// Looks at a function; returns where it calls to.
    std::vector<std::uint64_t> look_at(std::uint64_t function) {
        std::vector<std::uint64_t> callees;
        const FunctionFlow flow = flow_of(image_, function);
        for (std::size_t i = 0; i < flow.steps.size(); ++i) {
            if (!flow.steps[i].is_call || !flow.steps[i].is_emulated ||
                !seen_.insert(flow.steps[i].address).second) {
                continue;
            }
            look_at_call(flow.steps, i);
            if (const auto target = target_of(flow.steps[i]); target && !image_.in_plt(*target)) {
                callees.push_back(*target);
            }
        }
        return callees;
    }

    /// Cheap: whether code from `function` on may store to four offsets as stores_what_is_pending() wants
    /// them. Few functions do.
    bool may_write(std::uint64_t function) const {
        constexpr std::size_t kCode = 8192;
        constexpr std::size_t kFields = 4;
        constexpr std::uint32_t kField = 8;
        const Bytes code = image_.code(function, kCode);
        std::array<std::uint32_t, 2 * kFields> last{};  // offsets of the last stores
        std::size_t count = 0;
        for (std::size_t at = 0; at + 7 <= code.size(); ++at) {
            const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(code[at + i]); };
            const bool is_store = (byte(0) == 0x89 || byte(0) == 0xC7) && (byte(1) & 0xC0U) == 0x80;
            if (!is_store) {
                continue;
            }
            const std::size_t has_index = (byte(1) & 7U) == 4 ? 1 : 0;
            std::memcpy(&last.at(count++ % last.size()), code.data() + at + 2 + has_index, sizeof last[0]);
            const auto is_there = [&](std::uint32_t first) {
                for (std::uint32_t i = 1; i < kFields; ++i) {
                    if (std::ranges::find(last, first + i * kField) == last.end()) {
                        return false;
                    }
                }
                return true;
            };
            if (std::ranges::any_of(last, is_there)) {
                return true;
            }
        }
        return false;
    }

    std::vector<ProbedFunction> found;

  private:
    void look_at_call(Steps steps, std::size_t index) {
        const Steps block = block_before(steps, index);
        if (stores_what_is_pending(decoder_, block)) {
            found.push_back(site_of(image_, steps[index], kWriteForm));
            return;
        }
        const auto record = record_copied(decoder_, block);
        if (auto form = record ? read_form(decoder_, steps, index) : std::nullopt) {
            const RecordLayout& layout = record->second;
            form->type = in_memory(static_cast<unsigned>(record->first), layout.type, layout.type_bytes);
            found.push_back(site_of(image_, steps[index], *form));
        }
    }

    std::optional<std::uint64_t> target_of(const FlowStep& step) const {
        const auto instruction = decoder_.at(step);
        ZyanU64 target = 0;
        return instruction && ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(
                                  &instruction->head, instruction->operands.data(), step.address, &target))
                   ? std::optional<std::uint64_t>(target)
                   : std::nullopt;
    }

    const ElfImage& image_;
    Decoder decoder_;
    std::set<std::uint64_t> seen_;  // calls
};

}  // namespace

std::vector<ProbedFunction> find_record_sites(const ElfImage& image, MethodTables& methods) {
    if (image.machine() != Machine::x86_64) {
        return {};
    }
    Finder finder(image);
    std::set<std::uint64_t> callees;
    std::set<std::uint64_t> looked_at;
    for (const std::uint64_t function : methods.functions()) {
        if (looked_at.size() < kMaxFunctions && looked_at.insert(function).second) {
            const auto calls = finder.look_at(function);
            callees.insert(calls.begin(), calls.end());
        }
    }
    for (const std::uint64_t function : callees) {
        if (looked_at.size() < kMaxFunctions && looked_at.insert(function).second &&
            finder.may_write(function)) {
            finder.look_at(function);
        }
    }
    // A shape that fits twice where one is expected tells nothing.
    const auto reads = std::ranges::count(finder.found, CALL_RECORD_READ,
                                          [](const ProbedFunction& each) { return each.form.call; });
    if (reads > 1) {
        std::erase_if(finder.found,
                      [](const ProbedFunction& each) { return each.form.call == CALL_RECORD_READ; });
    }
    return std::move(finder.found);
}

}  // namespace sslsniff
