#include "protocols/hpack/huffman.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sslsniff::hpack {
namespace {

constexpr std::size_t kSymbols = 257;  // 256 bytes and EOS
constexpr unsigned kMaxLength = 30;
constexpr unsigned kFastBits = 8;

/// Length in bits of each symbol's code. The code of RFC 7541 appendix B is canonical (codes ascend with
/// length, then symbol), so lengths say everything.
constexpr std::array<std::uint8_t, kSymbols> kLengths = {
    // clang-format off
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
    // clang-format on
};

struct Code {
    struct Fast {
        std::uint8_t symbol = 0;
        std::uint8_t length = 0;  ///< 0: the code is longer than kFastBits
    };
    std::array<std::uint16_t, kSymbols> symbols{};      ///< in order of their codes
    std::array<std::uint16_t, kMaxLength + 1> first{};  ///< index in `symbols` of the first of each length
    std::array<std::uint32_t, kMaxLength + 1> first_code{};  ///< its code
    std::array<std::uint16_t, kMaxLength + 1> count{};       ///< symbols of each length
    std::array<Fast, 1U << kFastBits> fast{};                ///< by the next kFastBits bits
};

constexpr Code make_code() {
    Code code;
    std::uint16_t index = 0;
    std::uint32_t next = 0;
    for (unsigned length = 1; length <= kMaxLength; ++length) {
        next <<= 1U;
        code.first.at(length) = index;
        code.first_code.at(length) = next;
        for (std::size_t symbol = 0; symbol < kSymbols; ++symbol) {
            if (kLengths.at(symbol) != length) {
                continue;
            }
            code.symbols.at(index++) = static_cast<std::uint16_t>(symbol);
            ++code.count.at(length);
            if (length <= kFastBits) {
                const unsigned shift = kFastBits - length;
                for (unsigned rest = 0; rest < 1U << shift; ++rest) {
                    code.fast.at((next << shift) + rest) = {static_cast<std::uint8_t>(symbol),
                                                            static_cast<std::uint8_t>(length)};
                }
            }
            ++next;
        }
    }
    return code;
}

constexpr Code kCode = make_code();

}  // namespace

bool huffman_decode(ByteView coded, Bytes& out) {
    std::uint64_t bits = 0;  // the low `available` bits are not decoded yet
    unsigned available = 0;
    std::size_t at = 0;
    for (;;) {
        while (available <= 56 && at < coded.size()) {
            bits = bits << 8U | static_cast<unsigned char>(coded[at++]);
            available += 8;
        }
        if (available >= kFastBits) {
            const Code::Fast fast = kCode.fast[bits >> (available - kFastBits) & 0xFFU];
            if (fast.length != 0) {
                out.push_back(static_cast<char>(fast.symbol));
                available -= fast.length;
                continue;
            }
        }
        unsigned length = 0;
        for (unsigned candidate = 5; candidate <= std::min(available, kMaxLength); ++candidate) {
            const auto code =
                static_cast<std::uint32_t>(bits >> (available - candidate) & ((1ULL << candidate) - 1));
            if (code - kCode.first_code[candidate] < kCode.count[candidate]) {
                const std::uint16_t symbol =
                    kCode.symbols[kCode.first[candidate] + code - kCode.first_code[candidate]];
                if (symbol >= 256) {
                    return false;
                }
                out.push_back(static_cast<char>(symbol));
                length = candidate;
                break;
            }
        }
        if (length == 0) {
            const std::uint64_t padding = (1ULL << available) - 1;
            return available < 8 && (bits & padding) == padding;
        }
        available -= length;
    }
}

}  // namespace sslsniff::hpack
