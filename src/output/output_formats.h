#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "output/output.h"
#include "output/output_context.h"

namespace sslsniff {

/// One row of the table of outputs: docs/adding_an_output.md.
struct OutputFormat {
    std::string_view name;
    enum class Kind : std::uint8_t {
        people,    ///< to a file or the terminal; -q leaves it out
        programs,  ///< to a file or a pipe
        folder,    ///< makes files of its own in a folder, and has an option of its own
        network,   ///< is asked over the network, and has an option of its own
        terminal,  ///< takes the whole terminal, and has a command of its own
        remote     ///< sends to other hosts, whose names are in the place
    };
    Kind kind = Kind::programs;
    bool is_written_to_a_file() const { return kind == Kind::people || kind == Kind::programs; }
    /// -o takes it.
    bool is_chosen_by_name() const { return is_written_to_a_file() || kind == Kind::remote; }
    bool lines = false;  ///< each stands alone: files may be added to (--append)
    std::unique_ptr<Output> (*make)(const OutputPlace& place, const OutputContext& context) = nullptr;
    /// Of those that send: whether the place can be understood.
    Result<void> (*check_place)(std::string_view place) = nullptr;
};

/// Of -o otlp:URL, with --otlp and --spool.
inline constexpr std::string_view kOtlpFormat = "otlp";
/// The format of -w.
inline constexpr std::string_view kPcapngFormat = "pcapng";
/// Of --metrics.
inline constexpr std::string_view kMetricsFormat = "metrics";
/// Of --save-bodies.
inline constexpr std::string_view kBodiesFormat = "bodies";

/// Of `sslsniff top`.
inline constexpr std::string_view kTopFormat = "top";

std::span<const OutputFormat> output_formats();

/// Null when there is no such format.
const OutputFormat* find_output_format(std::string_view name);

/// Those that -o takes: "text, json, stat, har, html, trace, pcapng", for messages.
std::string output_format_names();

}  // namespace sslsniff
