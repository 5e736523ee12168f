#include "capture/discovery/libraries/rustls_sites.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "capture/discovery/libraries/rustls_tracer.h"
#include "capture/discovery/x86_decoder.h"

namespace sslsniff {
namespace {

constexpr std::size_t kBefore = 80;  // bytes of code in which the encrypter's call is prepared
constexpr std::size_t kPrologue = 48;
constexpr std::size_t kMostSites = 32;
constexpr std::size_t kMostPlaces = 65536;

// TEMPER_COUNTERS.allowed_key_update_requests
constexpr char kCounter = 32;

// Payload of a message: what is borrowed or owned, address, length.
constexpr std::uint16_t kAddress = 8;
constexpr std::uint16_t kLength = 16;
// OutboundPlainMessage: four numbers (CALL_RECORD_PARTS), then its ContentType, an enumeration that begins
// with change_cipher_spec (20).
constexpr std::uint16_t kType = 32;
constexpr std::uint8_t kFirstType = 20;
constexpr std::uint8_t kData = 23;
// Result<OutboundOpaqueMessage>: the bytes of the record, room for its header among them.
constexpr std::uint8_t kRecord = 16;

/// Calls `see` with each place of code at which the bytes look right, and its address.
template <class LooksRight>
std::vector<std::uint64_t> places_in(const ElfImage& image, char first, LooksRight looks_right) {
    constexpr std::size_t kLongest = 16;  // pieces overlap by so much
    std::set<std::uint64_t> places;
    image.scan_code([&](std::uint64_t address, ByteView code) {
        for (std::size_t at = code.find(first); at != ByteView::npos && places.size() < kMostPlaces;
             at = code.find(first, at + 1)) {
            if (const ByteView rest = code.substr(at, kLongest); looks_right(rest)) {
                places.insert(address + at);
            }
        }
    });
    return {places.begin(), places.end()};
}

/// `call *24(%reg)`: of all such calls in a program a few thousand.
bool is_method_call(ByteView code) {
    constexpr unsigned kSib = 4;
    const auto byte = [&](std::size_t i) {
        return i < code.size() ? static_cast<std::uint8_t>(code[i]) : 0U;
    };
    return byte(1) >> 3U == 0x50U >> 3U &&
           ((byte(1) & 7U) == kSib ? byte(2) == 0x24 && byte(3) == kFirstRustMethod
                                   : byte(2) == kFirstRustMethod);
}

/// `lea 1(%reg)`, `inc` or `add $1` of 64 bits may be there.
bool may_count(ByteView code) {
    for (std::size_t i = 0; i + 3 < code.size(); ++i) {
        const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(code[i + at]); };
        const bool is_wide = (byte(0) & 0xF8U) == 0x48U;
        const bool is_first_of_group = (byte(2) & 0x38U) == 0;
        if (is_wide && ((byte(1) == 0x8D && byte(3) == 1) || (byte(1) == 0xFF && is_first_of_group) ||
                        (byte(1) == 0x83 && is_first_of_group))) {
            return true;
        }
    }
    return false;
}

/// How many bytes of code, at most `most`, there are before the place.
std::size_t code_before(const ElfImage& image, std::uint64_t place, std::size_t most) {
    std::size_t bytes = std::min<std::uint64_t>(most, place);
    while (bytes > 0 && !image.file_offset(place - bytes)) {
        --bytes;
    }
    return bytes;
}

struct EncrypterCall {
    std::uint64_t address = 0;
    std::uint64_t end = 0;
    EncrypterLayout layout;
};

/// Instructions that may begin at each byte of a piece of code.
class Instructions {
  public:
    explicit Instructions(Bytes code) : code_(std::move(code)), decoded_(code_.size()) {}

    /// nullptr: none does.
    const X86Instruction* at(std::size_t begin) {
        if (begin >= decoded_.size()) {
            return nullptr;
        }
        auto& known = decoded_[begin];
        if (!known) {
            known.emplace();
            if (!decoder_.decode(ByteView(code_).substr(begin), *known)) {
                known->head.length = 0;
            }
        }
        return known->head.length > 0 ? &*known : nullptr;
    }

  private:
    X86Decoder decoder_;
    Bytes code_;
    std::vector<std::optional<X86Instruction>> decoded_;
};

/// Follows the code before the place from each byte on: what does not come to the call was no instruction.
std::optional<EncrypterCall> encrypter_call_at(const ElfImage& image, std::uint64_t place) {
    const std::size_t before = code_before(image, place, kBefore);
    Bytes code = image.code(place - before, before + ZYDIS_MAX_INSTRUCTION_LENGTH);
    if (code.size() <= before || !may_count(ByteView(code).substr(0, before))) {
        return std::nullopt;
    }
    Instructions instructions(std::move(code));
    for (std::size_t begin = 0; begin < before; ++begin) {
        RustlsTracer tracer;
        std::size_t at = begin;
        const X86Instruction* instruction = instructions.at(at);
        while (instruction != nullptr && at + instruction->head.length <= before) {
            tracer.execute(*instruction);
            at += instruction->head.length;
            instruction = instructions.at(at);
        }
        // The place is that of the opcode: a prefix may stand before it.
        const auto layout =
            instruction != nullptr && at + 1 >= before ? tracer.encrypter_called(*instruction) : std::nullopt;
        if (layout) {
            const std::uint64_t address = place - before + at;
            return EncrypterCall{address, address + instruction->head.length, *layout};
        }
    }
    return std::nullopt;
}

/// All of the only rustls in the program.
std::vector<EncrypterCall> encrypter_calls(const ElfImage& image) {
    std::vector<EncrypterCall> calls;
    for (const std::uint64_t place : places_in(image, '\xFF', is_method_call)) {
        const auto call = encrypter_call_at(image, place);
        if (!call) {
            continue;
        }
        if (calls.size() >= kMostSites || (!calls.empty() && calls.front().layout != call->layout)) {
            return {};
        }
        calls.push_back(*call);
    }
    return calls;
}

/// An instruction by which functions begin, and that leaves arguments where they are.
bool is_of_prologue(const X86Instruction& instruction) {
    const auto& operands = instruction.operands;
    const auto writes = [&](ZydisRegister reg) { return operands[0].reg.value == reg; };
    switch (instruction.head.mnemonic) {
        case ZYDIS_MNEMONIC_PUSH:
            return operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER;
        case ZYDIS_MNEMONIC_SUB:
            return operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER && writes(ZYDIS_REGISTER_RSP);
        case ZYDIS_MNEMONIC_ENDBR64:
            return true;
        case ZYDIS_MNEMONIC_MOV:
            return operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER && operands[0].size == 64 &&
                   operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER && !writes(ZYDIS_REGISTER_RDI) &&
                   !writes(ZYDIS_REGISTER_RSI) && !writes(ZYDIS_REGISTER_RSP);
        default:
            return false;
    }
}

/// The last push before the place, if nothing but the beginning of a function stands before it.
std::optional<std::uint64_t> push_before(const ElfImage& image, std::uint64_t place) {
    const X86Decoder decoder;
    const std::size_t before = code_before(image, place, kPrologue);
    const Bytes code = image.code(place - before, before);
    for (std::size_t begin = 0; begin < code.size(); ++begin) {
        X86Instruction instruction{};
        std::optional<std::uint64_t> push;
        std::size_t at = begin;
        while (at < code.size() && decoder.decode(ByteView(code).substr(at), instruction) &&
               is_of_prologue(instruction)) {
            if (instruction.head.mnemonic == ZYDIS_MNEMONIC_PUSH) {
                push = place - before + at;
            }
            at += instruction.head.length;
        }
        if (at == code.size() && push) {
            return push;
        }
    }
    return std::nullopt;
}

/// `movb $32, distance(%rdi)` at the beginning of a function.
bool sets_counter(ByteView code) {
    return code.size() > 6 && code[1] == '\x87' && code[6] == kCounter;
}

/// Where received payload is kept; nullopt when there is not exactly one such place.
std::optional<std::uint64_t> keeping_place(const ElfImage& image) {
    std::optional<std::uint64_t> found;
    for (const std::uint64_t place : places_in(image, '\xC6', sets_counter)) {
        if (const auto push = push_before(image, place)) {
            if (found) {
                return std::nullopt;
            }
            found = push;
        }
    }
    return found;
}

ProbeSite site_at(const ElfImage& image, std::uint64_t address, bool is_stepped, std::string instruction) {
    return {image.file_offset(address).value_or(0), address, 0, is_stepped, std::move(instruction)};
}

ProbedFunction function_at(std::string symbol, const CallForm& form, const ProbeSite& entry) {
    ProbedFunction function;
    function.symbol = std::move(symbol);
    function.form = form;
    function.best.entry = entry;
    function.plain = function.best;
    return function;
}

CallForm reading(const EncrypterLayout& layout) {
    return {.call = CALL_RECORD_READ,
            .handle = behind_argument(1, static_cast<std::uint16_t>(layout.encrypter), 8),
            .buffer = behind_argument(2, kAddress, 8),
            .length = behind_argument(2, kLength, 8),
            .first_type = kData,
            .uses_no_socket = true};
}

constexpr CallForm kWriting{.call = CALL_RECORD_PARTS,
                            .handle = argument(2),
                            .buffer = argument(3),
                            .type = behind_argument(3, kType, 1),
                            .number = argument(4),
                            .first_type = kFirstType,
                            .uses_no_socket = true};

constexpr CallForm kMaking{.call = CALL_TRANSPORT_MAKE,
                           .handle = argument(2),
                           .slice = kRecord,
                           .type = behind_argument(3, kType, 1),
                           .first_type = kFirstType};

}  // namespace

UnnamedParts find_rustls(const ElfImage& image) {
    constexpr std::int64_t kGreatestOffset = 4096;
    UnnamedParts parts;
    const auto calls = encrypter_calls(image);
    const bool is_plausible = !calls.empty() && calls.front().layout.encrypter >= 0 &&
                              calls.front().layout.encrypter <= kGreatestOffset;
    const auto keeping = is_plausible ? keeping_place(image) : std::nullopt;
    if (!keeping) {
        return parts;
    }
    parts.records.push_back(function_at("CommonState::take_received_plaintext", reading(calls.front().layout),
                                        site_at(image, *keeping, false, "push")));
    for (const EncrypterCall& call : calls) {
        const ProbeSite entry = site_at(image, call.address, true, "call");
        parts.records.push_back(function_at("MessageEncrypter::encrypt", kWriting, entry));
        ProbedFunction making = function_at("MessageEncrypter::encrypt", kMaking, entry);
        making.best.returns.push_back(site_at(image, call.end, true, "behind the call"));
        making.plain = making.best;
        parts.transports.push_back(std::move(making));
    }
    return parts;
}

}  // namespace sslsniff
