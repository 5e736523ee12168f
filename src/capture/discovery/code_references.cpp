#include "capture/discovery/code_references.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace sslsniff {
namespace {

constexpr std::size_t kField = 4;
constexpr std::size_t kMostReferences = 65536;
constexpr std::size_t kBlock = 256;  // places looked at together

std::uint32_t field_at(ByteView code, std::size_t at) {
    std::uint32_t field = 0;
    std::memcpy(&field, code.data() + at, sizeof field);
    return field;
}

std::uint64_t target_of(std::uint32_t distance, std::uint64_t place) {
    return place + kField + static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(distance)});
}

/// Whether one of the kBlock places from `at` on may refer into the 32-bit range from `low` on. No branches,
/// so that compilers make it fast: most blocks of a program have none.
bool may_refer(ByteView code, std::size_t at, std::uint32_t address, std::uint32_t low, std::uint32_t size) {
    unsigned found = 0;
    for (std::uint32_t i = 0; i < kBlock; ++i) {
        const std::uint32_t field = field_at(code, at + i);
        const std::uint32_t target = field + address + i + std::uint32_t{kField};
        found |= static_cast<unsigned>(target - low < size) | static_cast<unsigned>(field - low < size);
    }
    return found != 0;
}

void add_references(ByteView code, std::uint64_t address, std::span<const std::uint64_t> targets,
                    std::size_t begin, std::size_t end, std::vector<CodeReference>& found) {
    for (std::size_t at = begin; at < end; ++at) {
        const std::uint32_t field = field_at(code, at);
        for (const std::uint64_t target : {target_of(field, address + at), std::uint64_t{field}}) {
            const bool is_new = found.empty() || found.back().place < address + at;
            if (is_new && found.size() < kMostReferences && std::ranges::binary_search(targets, target)) {
                found.push_back({address + at, target});
            }
        }
    }
}

bool lies_in(std::span<const AddressRange> ranges, std::uint64_t address) {
    const auto behind = std::ranges::upper_bound(ranges, address, {}, &AddressRange::begin);
    return behind != ranges.begin() && address < std::prev(behind)->end;
}

}  // namespace

std::vector<CodeReference> find_references(const ElfImage& image, std::span<const std::uint64_t> targets) {
    std::vector<CodeReference> found;
    std::vector<std::uint64_t> sorted(targets.begin(), targets.end());
    std::ranges::sort(sorted);
    if (sorted.empty() || image.machine() != Machine::x86_64) {
        return found;
    }
    const auto low = static_cast<std::uint32_t>(sorted.front());
    const auto size =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(sorted.back() - sorted.front() + 1, UINT32_MAX));
    image.scan_code([&](std::uint64_t address, ByteView code) {
        const std::size_t places = code.size() < kField ? 0 : code.size() - kField + 1;
        std::size_t at = 0;
        for (; at + kBlock <= places; at += kBlock) {
            if (may_refer(code, at, static_cast<std::uint32_t>(address + at), low, size)) {
                add_references(code, address, sorted, at, at + kBlock, found);
            }
        }
        add_references(code, address, sorted, at, places, found);
    });
    return found;
}

std::vector<CodeReference> find_calls(const ElfImage& image, std::span<const AddressRange> ranges) {
    constexpr char kCall = '\xE8';
    constexpr char kJump = '\xE9';
    std::vector<CodeReference> found;
    if (ranges.empty() || image.machine() != Machine::x86_64) {
        return found;
    }
    const std::uint64_t low = ranges.front().begin;
    const std::uint64_t size = ranges.back().end - low;
    image.scan_code([&](std::uint64_t address, ByteView code) {
        for (const char opcode : {kCall, kJump}) {
            for (std::size_t at = code.find(opcode); at != ByteView::npos && at + kField < code.size();
                 at = code.find(opcode, at + 1)) {
                const std::uint64_t place = address + at + 1;
                const std::uint64_t target = target_of(field_at(code, at + 1), place);
                if (target - low < size && found.size() < kMostReferences && lies_in(ranges, target)) {
                    found.push_back({place, target, opcode == kJump});
                }
            }
        }
    });
    std::ranges::sort(found);
    const auto twice = std::ranges::unique(found);  // pieces overlap
    found.erase(twice.begin(), twice.end());
    return found;
}

}  // namespace sslsniff
