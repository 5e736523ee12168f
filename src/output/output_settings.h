#pragma once

#include <cstdint>

namespace sslsniff {

/// `automatic`: on a terminal.
enum class ColorMode : std::uint8_t { automatic, always, never };

/// --pcapng-mode
enum class PcapngMode : std::uint8_t {
    automatic,  ///< whatever Wireshark dissects without settings
    tls,        ///< always TLS records with the NULL cipher
    plain       ///< always the plaintext itself in TCP
};

/// What is done for a connection that Wireshark would not dissect on its port.
enum class PcapngHelp : std::uint8_t {
    ports,    ///< it is shown with a port that means its protocol
    markers,  ///< a marker tells: a second link type in the file, which libpcap does not read
    none
};

struct EncapsulationOptions {
    PcapngMode mode = PcapngMode::automatic;
    PcapngHelp help = PcapngHelp::ports;
};

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
