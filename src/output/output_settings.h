#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "model/time.h"

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

/// A column by which statistics are grouped.
struct StatColumn {
    enum class Kind : std::uint8_t {
        process,    ///< its name
        peer,       ///< whom it asks, or the port that it serves
        endpoint,   ///< operation and target
        operation,  ///< Facts::operation
        target,     ///< Facts::target, folded
        outcome,
        error,
        statement,  ///< a field with a statement
        path,       ///< a field with a URL or a part of one
        field       ///< any other
    };
    std::string name;  ///< as it was given
    Kind kind = Kind::field;
    std::string path{};  ///< of a field; else empty
};

struct StatOptions {
    std::vector<StatColumn> columns;  ///< --by; empty: process, peer and endpoint
    Duration interval{};              ///< --every; 0: one table at the end
};

/// Settings of librdkafka, by its names: "security.protocol" and "ssl". They precede ours.
using KafkaProperties = std::vector<std::pair<std::string, std::string>>;

/// Of -o otlp:URL.
struct OtlpSettings {
    std::vector<std::string> headers;  ///< "Name: value" of each request, which may be credentials
    std::vector<std::pair<std::string, std::string>> resource;  ///< attributes of all that is sent
    std::string ca_file;              ///< certificates that are trusted; empty: those of the system
    std::string certificate, key;     ///< files of the client's own; empty: none
    std::chrono::seconds metrics{0};  ///< how often metrics are sent; 0: never
    std::string spool;                ///< --spool: a folder; empty: what waits is kept in memory
    std::uint64_t max_spool = 1024ULL * 1024 * 1024;  ///< bytes in that folder
};

/// How outputs show what they are given. Each format takes what concerns it.
struct OutputSettings {
    bool connections = false;  ///< connections are shown instead of transactions
    int verbosity = 0;         ///< of text; 1: headers, 2: bodies
    bool tree = false;         ///< of text: calls below the request that caused them
    bool hex = false;          ///< of text: bodies and unknown protocols as hex dump
    ColorMode color = ColorMode::automatic;
    EncapsulationOptions pcapng;
    StatOptions stat;
    KafkaProperties kafka;
    OtlpSettings otlp;
    std::uint64_t max_memory = 256ULL * 1024 * 1024;  ///< bytes for what all connections hold
    std::uint64_t max_saved = 1024ULL * 1024 * 1024;  ///< bytes on disk for whole bodies
};

}  // namespace sslsniff
