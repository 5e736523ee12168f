#include "output/text/hex_dump.h"

#include <fmt/format.h>

#include <iterator>

namespace sslsniff {
namespace {
constexpr std::size_t kPerLine = 16;
constexpr std::size_t kHexWidth = kPerLine * 2 + kPerLine / 2;  // pairs of bytes, each with a blank
}  // namespace

void append_hex_dump(std::string& out, ByteView bytes, std::string_view prefix) {
    for (std::size_t at = 0; at < bytes.size(); at += kPerLine) {
        const ByteView line = bytes.substr(at, kPerLine);
        fmt::format_to(std::back_inserter(out), "{}0x{:04x}: ", prefix, at);
        const std::size_t begin = out.size();
        for (std::size_t i = 0; i < line.size(); ++i) {
            fmt::format_to(std::back_inserter(out), "{}{:02x}", i % 2 == 0 ? " " : "",
                           static_cast<unsigned char>(line[i]));
        }
        out.append(begin + kHexWidth - out.size() + 2, ' ');
        for (const char c : line) {
            out += c > 0x20 && c < 0x7F ? c : '.';
        }
        out += '\n';
    }
}

}  // namespace sslsniff
