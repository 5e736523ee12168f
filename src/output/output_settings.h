#pragma once

#include <cstdint>

#include "output/pcapng/encapsulation.h"

namespace sslsniff {

/// `automatic`: on a terminal.
enum class ColorMode : std::uint8_t { automatic, always, never };

/// How outputs show what they are given. Each format takes what concerns it.
struct OutputSettings {
    bool connections = false;  ///< connections are shown instead of transactions
    int verbosity = 0;         ///< of text; 1: headers, 2: bodies
    bool hex = false;          ///< of text: bodies and unknown protocols as hex dump
    ColorMode color = ColorMode::automatic;
    EncapsulationOptions pcapng;
    std::uint64_t max_memory = 256ULL * 1024 * 1024;  ///< bytes for what all connections hold
    std::uint64_t max_saved = 1024ULL * 1024 * 1024;  ///< bytes on disk for whole bodies
};

}  // namespace sslsniff
