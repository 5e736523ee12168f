#include "capture/discovery/libraries/openssl_methods.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "capture/discovery/elf_relocations.h"
#include "capture/discovery/function_flow.h"
#include "capture/discovery/machine_code.h"
#include "capture/discovery/x86_decoder.h"

namespace sslsniff {
namespace {

constexpr std::uint64_t kPointer = 8;
constexpr std::uint64_t kTable = 32 * kPointer;  // none is longer
constexpr std::size_t kShortCode = 16;

constexpr std::string_view kSetAccept = "SSL_set_accept_state";
constexpr std::string_view kSetConnect = "SSL_set_connect_state";

std::vector<std::uint64_t> unique(std::vector<std::uint64_t> values) {
    std::ranges::sort(values);
    const auto rest = std::ranges::unique(values);
    values.erase(rest.begin(), rest.end());
    return values;
}

/// Offsets from which a function loads registers.
std::set<std::int64_t> loads_of(const ElfImage& image, const ElfSymbols& symbols, std::string_view name) {
    std::set<std::int64_t> loads;
    if (const auto symbol = symbols.find(name); symbol != symbols.end()) {
        for (const FlowStep& step : flow_of(image, symbol->second.address).steps) {
            const bool own = step.address - symbol->second.address < symbol->second.size;
            if (own && step.loaded_from) {
                loads.insert(*step.loaded_from);
            }
        }
    }
    return loads;
}

/// What a function does nothing but return: lea table(%rip), %rax, or mov $table, %eax.
std::optional<std::uint64_t> returned_address(const ElfImage& image, std::uint64_t function) {
    const X86Decoder decoder;
    X86Instruction instruction{};
    const Bytes code = image.code(function, kShortCode);
    const std::size_t skip = endbr64_size(image.machine(), code);
    if (!decoder.decode(ByteView(code).substr(skip), instruction) ||
        instruction.operands[0].type != ZYDIS_OPERAND_TYPE_REGISTER ||
        full_register(instruction.operands[0].reg.value) != ZYDIS_REGISTER_RAX) {
        return std::nullopt;
    }
    const auto& source = instruction.operands[1];
    ZyanU64 address = 0;
    if (instruction.head.mnemonic == ZYDIS_MNEMONIC_LEA && source.mem.base == ZYDIS_REGISTER_RIP &&
        ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&instruction.head, &source, function + skip, &address))) {
        return address;
    }
    if (instruction.head.mnemonic == ZYDIS_MNEMONIC_MOV && source.type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        return source.imm.value.u;
    }
    return std::nullopt;
}

}  // namespace

std::vector<std::uint64_t> MethodTables::handshakes() {
    const auto accept = accept_displacement();
    if (!accept) {
        return {};
    }
    auto functions = functions_at(*accept);
    const auto connect = functions_at(*accept + static_cast<std::int64_t>(kPointer));
    functions.insert(functions.end(), connect.begin(), connect.end());
    return unique(std::move(functions));
}

std::optional<StateMachines> MethodTables::state_machines() {
    const auto displacement = accept_displacement();
    if (!displacement) {
        return std::nullopt;
    }
    const auto accept = functions_at(*displacement);
    const auto connect = functions_at(*displacement + static_cast<std::int64_t>(kPointer));
    // Methods of one role have a function that refuses the other.
    const auto own = [](const std::vector<std::uint64_t>& functions,
                        const std::vector<std::uint64_t>& others) {
        std::vector<std::uint64_t> rest;
        std::ranges::set_difference(functions, others, std::back_inserter(rest));
        return rest;
    };
    const auto connects = own(connect, accept);
    const auto accepts = own(accept, connect);
    return connects.size() == 1 && accepts.size() == 1
               ? std::optional(StateMachines{connects.front(), accepts.front()})
               : std::nullopt;
}

std::vector<std::uint64_t> MethodTables::functions_at(std::int64_t displacement) {
    load();
    std::vector<std::uint64_t> functions;
    for (const std::uint64_t table : tables_) {
        const auto found = pointers_.find(table + static_cast<std::uint64_t>(displacement));
        if (found != pointers_.end() && found->first - table < kTable) {
            functions.push_back(found->second);
        }
    }
    return unique(std::move(functions));
}

std::vector<std::uint64_t> MethodTables::functions() {
    load();
    std::vector<std::uint64_t> functions;
    for (const std::uint64_t table : tables_) {
        const auto last = pointers_.lower_bound(table + kTable);
        for (auto entry = pointers_.lower_bound(table); entry != last; ++entry) {
            functions.push_back(entry->second);
        }
    }
    return unique(std::move(functions));
}

void MethodTables::load() {
    if (std::exchange(is_loaded_, true) || image_.machine() != Machine::x86_64) {
        return;
    }
    for (const std::string_view name : kMethodFunctions) {
        const auto symbol = name != kSetAccept && name != kSetConnect ? symbols_.find(name) : symbols_.end();
        const auto table =
            symbol != symbols_.end() ? returned_address(image_, symbol->second.address) : std::nullopt;
        if (table) {
            tables_.push_back(*table);
        }
    }
    if (!tables_.empty()) {
        const auto [first, last] = std::ranges::minmax(tables_);
        pointers_ = code_pointers(image_, first, last + kTable);
    }
}

/// The one offset that only SSL_set_accept_state loads from, right before the one of SSL_set_connect_state.
std::optional<std::int64_t> MethodTables::accept_displacement() const {
    const auto accept = loads_of(image_, symbols_, kSetAccept);
    const auto connect = loads_of(image_, symbols_, kSetConnect);
    for (const std::int64_t offset : accept) {
        const std::int64_t next = offset + static_cast<std::int64_t>(kPointer);
        if (!connect.contains(offset) && connect.contains(next) && !accept.contains(next)) {
            return offset;
        }
    }
    return std::nullopt;
}

}  // namespace sslsniff
