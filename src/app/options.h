#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/time.h"
#include "output/files/file_row.h"
#include "output/pcapng/carriage.h"
#include "protocols/decode_as.h"

namespace sslsniff {

/// One -o FORMAT[:FILE].
struct OutputSpec {
    std::string format;  ///< name of an OutputFormat
    std::string path;    ///< "-" is stdout
    bool to_stdout() const { return path == "-"; }
    std::string text() const { return format + ":" + path; }  ///< for messages
};

enum class ColorMode : std::uint8_t { automatic, always, never };

/// The command line, checked as far as it can be without looking at the system.
struct Options {
    // Targets: none of them with read_path, at least one without.
    std::vector<pid_t> pids;
    std::vector<std::string> comms;
    std::vector<std::string> users;  ///< names or uids
    bool whole_host = false;
    bool children = true;
    bool tls = true;
    bool cleartext = true;
    std::vector<std::string> command;  ///< the words after --
    std::string read_path;             ///< "-" is stdin

    std::vector<OutputSpec> outputs;  ///< never empty, at most one to stdout
    int verbosity = 0;                ///< 1: headers, 2: bodies
    bool hex = false;
    bool quiet = false;
    bool connections = false;         ///< connections are shown instead of transactions
    bool names = true;                ///< peers are called what DNS and ClientHellos call them
    bool show_secrets = false;        ///< passwords that protocols carry are shown
    std::vector<DecodeAs> decode_as;  ///< ports whose protocol the user knows
    ColorMode color = ColorMode::automatic;

    CarriageOptions pcapng;    ///< --pcapng-mode, --markers, --no-markers
    RotationOptions rotation;  ///< -C, -W, -G: of all outputs to files

    std::string expression;  ///< pcap-filter, compiles; empty: every connection
    std::string where;       ///< --where, parses; empty: every transaction

    std::optional<std::uint64_t> count;  ///< transactions, or connections
    std::optional<Duration> duration;
    std::uint64_t snaplen = 0;                        ///< bytes kept of each call; 0: all
    std::uint64_t buffer_size = 64ULL * 1024 * 1024;  ///< bytes of the ring buffer, as asked for
    std::uint64_t max_body = 64ULL * 1024;            ///< bytes kept of each body
    std::uint64_t max_memory = 256ULL * 1024 * 1024;  ///< bytes for what all connections hold

    std::string save_bodies;                          ///< folder for whole bodies; empty: none
    std::uint64_t max_saved = 1024ULL * 1024 * 1024;  ///< bytes on disk for them
    std::string proto;                                ///< file with protobuf descriptors; empty: none

    std::vector<std::string> backends;  ///< --backend: see choose_backends

    std::vector<std::string> hints;  ///< sentences for the user about what is likely a mistake

    bool live() const { return read_path.empty(); }
};

/// --help or --version: print this on stdout and exit 0.
struct Information {
    std::string text;
};

using Invocation = std::variant<Options, Information>;

/// Understands the arguments after the program's name. Touches nothing outside itself.
Result<Invocation> parse_options(std::span<const std::string> arguments);

}  // namespace sslsniff
