#include "app/parse_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "app/backend_choice.h"
#include "app/metrics_address.h"
#include "app/option_checks.h"
#include "app/option_words.h"
#include "app/raw_options.h"
#include "app/units.h"
#include "base/text.h"
#include "output/kafka/producer.h"
#include "output/otlp/otlp_settings.h"
#include "output/output_formats.h"
#include "output/stat/grouping.h"
#include "protocols/protocol.h"

namespace sslsniff {
namespace {

Result<OutputSpec> parse_output(const std::string& text) {
    const auto colon = text.find(':');
    OutputSpec spec{text.substr(0, colon), colon == std::string::npos ? "-" : text.substr(colon + 1)};
    const OutputFormat* format = find_output_format(spec.format);
    if (format == nullptr || !format->is_chosen_by_name()) {
        return fail(ErrorKind::usage, fmt::format("-o: '{}' is not an output format: choose one of {}",
                                                  printable(spec.format), output_format_names()));
    }
    if (format->kind == OutputFormat::Kind::remote) {
        const auto checked =
            format->check_place(colon == std::string::npos ? "" : std::string_view(spec.path));
        return checked ? Result<OutputSpec>(spec) : std::unexpected(checked.error());
    }
    if (spec.path.empty()) {
        return fail(ErrorKind::usage,
                    fmt::format("-o {}: there is no file name after the colon", printable(text)));
    }
    return spec;
}

Result<ColorMode> parse_color(const std::string& text) {
    const auto mode = value_of(kColorModes, text);
    return mode ? Result<ColorMode>(*mode)
                : fail(ErrorKind::usage, fmt::format("'{}' is none of auto, always, never", printable(text)));
}

Result<PcapngMode> parse_pcapng_mode(const std::string& text) {
    const auto mode = value_of(kPcapngModes, text);
    return mode ? Result<PcapngMode>(*mode)
                : fail(ErrorKind::usage, fmt::format("'{}' is none of auto, tls, plain", printable(text)));
}

/// -C counts millions of bytes, as for tcpdump.
Result<std::uint64_t> parse_rotation_size(const std::string& text) {
    constexpr std::uint64_t kMillion = 1'000'000;
    auto number = parse_size(text);
    return number && *number > 0 && *number < (std::uint64_t{1} << 40)
               ? Result<std::uint64_t>(*number * kMillion)
               : fail(ErrorKind::usage,
                      fmt::format("'{}' is not a number of million bytes", printable(text)));
}

/// Less than the least would give up nearly everything.
Result<std::uint64_t> parse_memory(const std::string& text) {
    constexpr std::uint64_t kLeast = std::uint64_t{1} << 20U;
    auto size = parse_size(text);
    return !size || *size >= kLeast
               ? size
               : fail(ErrorKind::usage,
                      fmt::format("'{}' is too little to follow connections: give 1M or more",
                                  printable(text)));
}

/// What a ring of the kernel can be; it is rounded up to a power of two.
Result<std::uint64_t> parse_buffer_size(const std::string& text) {
    constexpr std::uint64_t kLeast = std::uint64_t{64} << 10U;
    constexpr std::uint64_t kGreatest = std::uint64_t{1} << 30U;
    auto size = parse_size(text);
    if (size && (*size < kLeast || *size > kGreatest)) {
        return fail(ErrorKind::usage,
                    fmt::format("'{}' is out of range: a buffer has 64k to 1G", printable(text)));
    }
    return size;
}

Result<unsigned> parse_threads(const std::string& text) {
    const auto number = parse_size(text);
    return number && *number >= 1 && *number <= Options::kMostThreads
               ? Result<unsigned>(static_cast<unsigned>(*number))
               : fail(ErrorKind::usage, fmt::format("'{}' is no number of threads: give 1 to {}",
                                                    printable(text), Options::kMostThreads));
}

/// Parses `text`, when it was given, into `target`.
template <class Target, class Parse>
Result<void> assign(const char* name, const std::optional<std::string>& text, Target& target, Parse parse) {
    if (!text) {
        return {};
    }
    auto value = parse(*text);
    if (!value) {
        return fail(ErrorKind::usage, fmt::format("{}: {}", name, value.error().message));
    }
    target = *value;
    return {};
}

/// What is understood, but hardly what was meant.
std::vector<std::string> hints_of(const Options& options) {
    constexpr std::size_t kLongestComm = 15;  // TASK_COMM_LEN - 1
    std::vector<std::string> hints;
    for (const auto& comm : options.capture.comms) {
        if (comm.size() > kLongestComm) {
            hints.push_back(
                fmt::format("-c {}: the kernel keeps {} bytes of a name: processes called '{}' are captured",
                            printable(comm), kLongestComm, printable(comm.substr(0, kLongestComm))));
        } else if (std::ranges::all_of(comm, [](char c) { return c >= '0' && c <= '9'; })) {
            hints.push_back(fmt::format(
                "-c {0}: processes of this name are captured; to stop after {0} transactions say -n {0}",
                comm));
        }
    }
    return hints;
}

Result<Options> checked(RawOptions&& raw, DefaultOutput default_output) {
    auto options = std::move(raw.options);
    options.capture.children = !raw.no_children;
    options.capture.tls = !raw.cleartext_only;
    options.capture.cleartext = !raw.tls_only;
    options.pipeline.names = !raw.no_names;
    options.pipeline.redaction.bodies = !raw.no_bodies;
    if (raw.tls_only && raw.cleartext_only) {
        return fail(ErrorKind::usage, "--tls-only and --cleartext-only exclude each other");
    }
    if (!raw.libraries.empty() && raw.cleartext_only) {
        return fail(ErrorKind::usage,
                    "--tls chooses TLS libraries: it cannot be combined with --cleartext-only");
    }
    auto libraries = LibraryChoice::parse(raw.libraries);
    if (!libraries) {
        return fail(ErrorKind::usage, "--tls: " + libraries.error().message);
    }
    options.capture.libraries = *std::move(libraries);
    for (const auto& text : raw.pids) {
        auto pid = parse_pid(text);
        if (!pid) {
            return fail(ErrorKind::usage, "-p: " + pid.error().message);
        }
        options.capture.pids.push_back(*pid);
    }
    for (const auto& text : raw.outputs) {
        auto spec = parse_output(text);
        if (!spec) {
            return std::unexpected(spec.error());
        }
        options.pipeline.outputs.push_back(*std::move(spec));
    }
    for (const auto& text : raw.decode_as) {
        const auto rule = parse_decode_as(text);
        if (!rule) {
            return fail(ErrorKind::usage, "--decode-as: " + rule.error().message);
        }
        options.pipeline.decode_as.push_back(*rule);
    }
    for (const auto& text : raw.kafka) {
        auto property = parse_kafka_property(text);
        if (!property) {
            return std::unexpected(property.error());
        }
        options.pipeline.settings.kafka.push_back(*std::move(property));
    }
    for (const auto& text : raw.otlp) {
        if (auto set = parse_otlp_setting(text, options.pipeline.settings.otlp); !set) {
            return std::unexpected(set.error());
        }
    }
    if (raw.write_path) {
        options.pipeline.outputs.push_back({std::string(kPcapngFormat), *raw.write_path});
    }
    for (auto& output : options.pipeline.outputs) {
        output.path = output.path == "/dev/stdout" ? "-" : output.path;
    }
    options.pipeline.settings.pcapng.help = raw.no_markers ? PcapngHelp::none
                                            : raw.markers  ? PcapngHelp::markers
                                                           : PcapngHelp::ports;
    // Others may write files beside it.
    if (raw.face == kTopFormat ||
        (options.pipeline.outputs.empty() && default_output == DefaultOutput::text)) {
        options.pipeline.outputs.push_back({std::string(raw.face.empty() ? "text" : raw.face), "-"});
    }
    const auto count = [](const std::string& text) -> Result<std::uint64_t> {
        auto number = parse_size(text);
        return number && *number > 0
                   ? number
                   : fail(ErrorKind::usage,
                          fmt::format("'{}' is not a count of transactions (to leave out names: --no-names)",
                                      printable(text)));
    };
    const auto path = [](const std::string& text) -> Result<std::string> {
        return text.empty() ? fail(ErrorKind::usage, "names no file") : Result<std::string>(text);
    };
    const auto files = [](const std::string& text) -> Result<std::uint32_t> {
        const auto number = parse_size(text);
        return number && *number > 0 && *number <= 1'000'000
                   ? Result<std::uint32_t>(static_cast<std::uint32_t>(*number))
                   : fail(ErrorKind::usage, fmt::format("'{}' is not a count", printable(text)));
    };
    std::string write_path;
    const auto columns = [](const std::string& text) {
        return parse_columns(text, FieldTable(protocol_fields()));
    };
    const std::array<Result<void>, 26> checks{
        assign("-r", raw.read_path, options.read_path, path),
        assign("-n", raw.count, options.pipeline.count, count),
        assign("--duration", raw.duration, options.duration, parse_duration),
        assign("-s", raw.snaplen, options.capture.snaplen, parse_size),
        assign("--buffer-size", raw.buffer_size, options.capture.buffer_size, parse_buffer_size),
        assign("--max-body", raw.max_body, options.pipeline.max_body, parse_size),
        assign("--max-saved", raw.max_saved, options.pipeline.settings.max_saved, parse_size),
        assign("--max-spool", raw.max_spool, options.pipeline.settings.otlp.max_spool, parse_size),
        assign("--max-memory", raw.max_memory, options.pipeline.settings.max_memory, parse_memory),
        assign("--threads", raw.threads, options.threads, parse_threads),
        assign("--color", raw.color, options.pipeline.settings.color, parse_color),
        assign("-w", raw.write_path, write_path, path),
        assign("-C", raw.rotate_size, options.pipeline.rotation.max_size, parse_rotation_size),
        assign("-W", raw.rotate_count, options.pipeline.rotation.max_files, files),
        assign("-G", raw.rotate_interval, options.pipeline.rotation.interval, parse_duration),
        assign("--by", raw.by, options.pipeline.settings.stat.columns, columns),
        assign("--every", raw.every, options.pipeline.settings.stat.interval, parse_duration),
        check_stat(raw, options),
        assign("--pcapng-mode", raw.pcapng_mode, options.pipeline.settings.pcapng.mode, parse_pcapng_mode),
        check_filters(options),
        choose_backends(raw.backends, options.capture),
        check_rotation(options),
        check_append(options),
        check_targets(options),
        check_outputs(options),
        check_spool(options),
    };
    for (const auto& check : checks) {
        if (!check) {
            return std::unexpected(check.error());
        }
    }
    if (raw.metrics) {
        auto address = parse_metrics_address(*raw.metrics, raw.metrics_remote);
        if (!address) {
            return std::unexpected(address.error());
        }
        options.pipeline.outputs.push_back({std::string(kMetricsFormat), *std::move(address)});
    }
    if (!raw.save_bodies.empty()) {
        options.pipeline.outputs.insert(options.pipeline.outputs.begin(),
                                        {std::string(kBodiesFormat), raw.save_bodies});
    }
    if (options.quiet) {
        std::erase_if(options.pipeline.outputs, [](const OutputSpec& output) {
            return find_output_format(output.format)->kind == OutputFormat::Kind::people;
        });
    }
    options.capture.all_remarks = options.pipeline.settings.verbosity > 0;
    options.hints = hints_of(options);
    return options;
}

}  // namespace

Result<Invocation> parse_options(std::span<const std::string> arguments, const std::string& default_config,
                                 DefaultOutput default_output) {
    auto read = read_words(arguments, default_config);
    if (!read) {
        return std::unexpected(read.error());
    }
    if (auto* information = std::get_if<Information>(&*read)) {
        return std::move(*information);
    }
    auto& raw = std::get<RawOptions>(*read);
    const std::string config = raw.config_path;
    auto options = checked(std::move(raw), default_output);
    if (!options) {
        return config.empty()
                   ? std::unexpected(options.error())
                   : fail(options.error().kind, fmt::format("{} (with the options of {})",
                                                            options.error().message, printable(config)));
    }
    return *std::move(options);
}

}  // namespace sslsniff
