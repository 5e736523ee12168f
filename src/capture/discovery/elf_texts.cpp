#include "capture/discovery/elf_texts.h"

#include <algorithm>

#include "base/find_bytes.h"

namespace sslsniff {
namespace {

constexpr std::size_t kMaxVersion = 32;
constexpr std::string_view kVersionBytes = "0123456789.abcdefghijklmnopqrstuvwxyz+-";

bool starts_with_digit(std::string_view text) {
    return !text.empty() && text[0] >= '0' && text[0] <= '9';
}

}  // namespace

unsigned contained(const ElfImage& image, std::string_view section, std::span<const std::string_view> texts) {
    unsigned found = 0;
    const unsigned all = (1U << texts.size()) - 1;
    image.scan_section(section, [&](ByteView piece, std::uint64_t) {
        for (std::size_t i = 0; i < texts.size(); ++i) {
            if ((found & 1U << i) == 0 && find_bytes(piece, texts[i]) != ByteView::npos) {
                found |= 1U << i;
            }
        }
        return found != all;
    });
    return found;
}

std::optional<std::string> version_after(const ElfImage& image, std::string_view section,
                                         std::string_view prefix) {
    std::optional<std::string> version;
    bool is_full = false;
    image.scan_section(section, [&](ByteView piece, std::uint64_t) {
        for (auto at = find_bytes(piece, prefix); at != ByteView::npos && !is_full;) {
            const ByteView rest = piece.substr(at + prefix.size(), kMaxVersion);
            const ByteView text = rest.substr(0, rest.find_first_not_of(kVersionBytes));
            is_full = starts_with_digit(text) && std::ranges::count(text, '.') >= 2;
            if (is_full || (!version && starts_with_digit(text))) {
                version = text;
            }
            at = find_bytes(piece, prefix, at + 1);
        }
        return !is_full;
    });
    return version;
}

std::vector<ElfText> texts_ending_with(const ElfImage& image, std::string_view section,
                                       std::string_view ending, std::size_t most) {
    const std::string wanted = std::string(ending) + '\0';
    std::vector<ElfText> texts;
    image.scan_section(section, [&](ByteView piece, std::uint64_t address) {
        for (std::size_t from = 0; from < piece.size() && texts.size() < most;) {
            const auto at = find_bytes(piece, wanted, from);
            if (at == ByteView::npos) {
                break;
            }
            const std::size_t end = at + ending.size();
            const std::size_t before = piece.substr(0, end).rfind('\0');
            const std::size_t begin = before == ByteView::npos ? end : before + 1;
            const bool is_new = texts.empty() || texts.back().address < address + begin;  // pieces overlap
            if (begin < end && end - begin < ElfImage::kOverlap && is_new) {
                texts.push_back({address + begin, std::string(piece.substr(begin, end - begin))});
            }
            from = end;
        }
        return texts.size() < most;
    });
    return texts;
}

}  // namespace sslsniff
