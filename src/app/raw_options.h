#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/parse_options.h"
#include "base/result.h"
#include "output/output_formats.h"

namespace sslsniff {

/// The words of the command line, sorted by option but not yet understood.
struct RawOptions {
    Options options;  ///< what needs no understanding is here already
    std::vector<std::string> pids;
    std::vector<std::string> outputs;
    std::vector<std::string> decode_as;
    std::vector<std::string> kafka;
    std::vector<std::string> otlp;
    std::vector<std::string> backends;
    std::vector<std::string> libraries;
    std::string save_bodies;  ///< a folder; empty: none
    std::string config_path;  ///< the file that some of them are from; empty: none
    std::optional<std::string> count;
    std::optional<std::string> duration;
    std::optional<std::string> snaplen;
    std::optional<std::string> buffer_size;
    std::optional<std::string> max_body;
    std::optional<std::string> max_memory;
    std::optional<std::string> max_saved;
    std::optional<std::string> max_spool;
    std::optional<std::string> threads;
    std::optional<std::string> color;
    std::optional<std::string> read_path;
    std::optional<std::string> write_path;
    std::optional<std::string> rotate_size;
    std::optional<std::string> rotate_count;
    std::optional<std::string> rotate_interval;
    std::optional<std::string> pcapng_mode;
    std::optional<std::string> by;
    std::optional<std::string> every;
    std::string_view face;  ///< OutputCommand::name, when the first word was one; lives forever
    std::optional<std::string> metrics;
    bool metrics_remote = false;
    bool no_markers = false;
    bool markers = false;
    bool no_children = false;
    bool no_names = false;
    bool no_bodies = false;
    bool tls_only = false;
    bool cleartext_only = false;
};

/// A first word that makes sslsniff show what it captures in another way. It is the name of the output, too.
struct OutputCommand {
    std::string_view name;
    std::string_view description;
};
inline constexpr std::array<OutputCommand, 2> kOutputCommands{{
    {"stat", "Counts what it would show: rate, errors and latency by group."},
    {kTopFormat, "Shows on the whole terminal who says what, how often and how fast, as it happens."},
}};

/// Sorts the words after the program's name. Those after -- are the command. Options that they do not give
/// are those of the file of --config, else of `default_config`, if there is such a file; empty: there is
/// none.
Result<std::variant<RawOptions, Information>> read_words(std::span<const std::string> words,
                                                         const std::string& default_config);

}  // namespace sslsniff
