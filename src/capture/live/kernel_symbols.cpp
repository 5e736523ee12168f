#include "capture/live/kernel_symbols.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>

namespace sslsniff {

namespace {

struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

struct Symbol {
    std::uint64_t address = 0;
    std::string_view name;
};

/// "ffffffff8b924600 D vmemmap_base", of modules "...\t[module]".
Symbol parse(std::string_view line) {
    Symbol symbol;
    const auto end = std::from_chars(line.data(), line.data() + line.size(), symbol.address, 16);
    const auto digits = static_cast<std::size_t>(end.ptr - line.data());
    if (line.size() > digits + 3) {
        const std::string_view rest = line.substr(digits + 3);
        symbol.name = rest.substr(0, rest.find_first_of("\t\n"));
    }
    return symbol;
}

using File = std::unique_ptr<std::FILE, Close>;

constexpr int kFirstLines = 256;  // the first symbols may have the address 0, or small ones

}  // namespace

bool kernel_addresses_shown() {
    const File file(std::fopen("/proc/kallsyms", "re"));
    std::vector<char> line(1024);
    for (int i = 0; i < kFirstLines && file; i++) {
        if (std::fgets(line.data(), static_cast<int>(line.size()), file.get()) == nullptr) {
            break;
        }
        if (parse(line.data()).address != 0) {
            return true;
        }
    }
    return false;
}

std::vector<std::uint64_t> kernel_symbols(std::initializer_list<std::string_view> names) {
    std::vector<std::uint64_t> addresses(names.size());
    const File file(std::fopen("/proc/kallsyms", "re"));
    if (!file) {
        return addresses;
    }
    std::vector<char> line(1024);
    std::size_t missing = names.size();
    while (missing > 0 && std::fgets(line.data(), static_cast<int>(line.size()), file.get()) != nullptr) {
        const Symbol symbol = parse(line.data());
        const auto* found = std::ranges::find(names, symbol.name);
        if (found != names.end() && symbol.address != 0) {
            addresses[static_cast<std::size_t>(found - names.begin())] = symbol.address;
            missing--;
        }
    }
    return addresses;
}

}  // namespace sslsniff
