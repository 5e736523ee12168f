#include "capture/discovery/libraries/nss_operations.h"

#include <algorithm>
#include <array>
#include <optional>

#include "capture/discovery/elf_relocations.h"
#include "capture/discovery/machine_code.h"

namespace sslsniff {
namespace {

using Pointers = std::map<std::uint64_t, std::uint64_t>;

/// sslSocketOps, in its order.
enum Operation : std::uint8_t {
    connect,
    accept,
    bind,
    listen,
    shutdown,
    close,
    recv,
    send,
    read,
    write,
    getpeername,
    getsockname
};
constexpr std::size_t kOperations = getsockname + 1;
using Operations = std::array<std::uint64_t, kOperations>;  ///< addresses of functions

constexpr std::array kShared{bind, listen, getpeername, getsockname};
constexpr std::array kOwn{connect, shutdown, close, recv, send, read, write};

struct NamedOperation {
    std::string_view name;
    Operation operation;
};
constexpr std::array kNamed{
    NamedOperation{"ssl_SecureRecv", recv},         NamedOperation{"ssl_SecureSend", send},
    NamedOperation{"ssl_SecureRead", read},         NamedOperation{"ssl_SecureWrite", write},
    NamedOperation{"ssl_SecureShutdown", shutdown}, NamedOperation{"ssl_SecureClose", close}};

/// The table at this place, if that has its shape.
std::optional<Operations> operations_at(const Pointers& pointers, std::uint64_t place) {
    constexpr std::uint64_t kPointer = 8;
    Operations operations{};
    auto entry = pointers.find(place);
    for (std::size_t i = 0; i < operations.size(); ++i) {
        const bool is_there = entry != pointers.end() && entry->first == place + i * kPointer;
        if (is_there == (i == accept)) {
            return std::nullopt;
        }
        if (is_there) {
            operations.at(i) = entry->second;
            ++entry;
        }
    }
    return operations;
}

bool are_a_pair(const Operations& a, const Operations& b) {
    return std::ranges::all_of(kShared, [&](Operation each) { return a.at(each) == b.at(each); }) &&
           std::ranges::all_of(kOwn, [&](Operation each) { return a.at(each) != b.at(each); });
}

/// `from` does nothing of its own but call or jump to `to`: its third or fourth argument is 0.
bool goes_on_in(const ElfImage& image, std::uint64_t from, std::uint64_t to) {
    constexpr std::size_t kShort = 64;
    Bytes code = image.code(from, kShort);
    if (to > from && to - from < code.size()) {
        code.resize(to - from);  // else a jump within what was read
    }
    const auto calls = near_calls(image.machine(), code, from);
    return !calls.empty() && calls.front().target == to;
}

bool is_of_tls(const ElfImage& image, const Operations& operations) {
    return goes_on_in(image, operations[read], operations[recv]) &&
           goes_on_in(image, operations[write], operations[send]);
}

}  // namespace

ElfSymbols find_nss_operations(const ElfImage& image) {
    const Pointers pointers = code_pointers(image, 0, UINT64_MAX);
    std::vector<Operations> tables;
    for (const auto& pointer : pointers) {
        if (const auto operations = operations_at(pointers, pointer.first)) {
            tables.push_back(*operations);
        }
    }
    // By what pairs share, so that many tables cost no more than sorting them.
    const auto shared = [](const Operations& table) {
        return std::array{table[bind], table[listen], table[getpeername], table[getsockname]};
    };
    std::ranges::sort(tables, {}, shared);
    std::optional<Operations> found;
    for (std::size_t i = 0; i + 1 < tables.size(); ++i) {
        if (!are_a_pair(tables[i], tables[i + 1])) {
            continue;
        }
        for (const Operations& table : {tables[i], tables[i + 1]}) {
            if (is_of_tls(image, table)) {
                if (found) {
                    return {};  // two of what there is one
                }
                found = table;
            }
        }
    }
    ElfSymbols symbols;
    for (const NamedOperation& named : kNamed) {
        if (found) {
            symbols.emplace(named.name, ElfSymbol{found->at(named.operation), 0, FoundBy::operations});
        }
    }
    return symbols;
}

}  // namespace sslsniff
