#include "app/option_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "filter/endpoint_filter.h"
#include "filter/where_filter.h"
#include "output/output_formats.h"
#include "protocols/protocol.h"

namespace sslsniff {

Result<void> check_targets(const Options& options) {
    const CaptureOptions& capture = options.capture;
    const bool others = !capture.pids.empty() || !capture.comms.empty() || !capture.users.empty() ||
                        !capture.containers.empty() || !capture.pods.empty() || capture.whole_host;
    const bool any = others || !capture.command.empty();
    if (!options.live() && any) {
        return fail(
            ErrorKind::usage,
            "-r reads a recording: it cannot be combined with -p, -c, -u, -k, --container, -a or a command");
    }
    if (options.live() && !any) {
        return fail(
            ErrorKind::usage,
            "nothing to capture: name a target with -p PID, -c COMM, -u USER, --container NAME, -a or -- "
            "COMMAND, or a recording with -r FILE (see --help)");
    }
    if (!capture.command.empty() && others) {
        return fail(
            ErrorKind::usage,
            "a command is captured alone: it cannot be combined with -p, -c, -u, -k, --container or -a");
    }
    for (const auto& pod : capture.pods) {
        const auto slash = pod.find('/');
        if (slash == 0 || slash == std::string::npos || slash + 1 == pod.size()) {
            return fail(
                ErrorKind::usage,
                fmt::format("-k: '{}' is not NAMESPACE/POD, like prod/shop-7d9f-x2x", printable(pod)));
        }
    }
    return {};
}

Result<void> check_filters(const Options& options) {
    if (!options.pipeline.expression.empty()) {
        if (const auto filter = EndpointFilter::compile(options.pipeline.expression); !filter) {
            return fail(ErrorKind::usage,
                        fmt::format("{} (a command goes after --, like sslsniff -- {})",
                                    filter.error().message, printable(options.pipeline.expression)));
        }
    }
    if (!options.pipeline.where.empty()) {
        if (const auto filter = WhereFilter::parse(options.pipeline.where, FieldTable(protocol_fields()));
            !filter) {
            return std::unexpected(filter.error());
        }
    }
    return {};
}

Result<void> check_rotation(const Options& options) {
    const bool has_file = std::ranges::any_of(options.pipeline.outputs, [](const OutputSpec& output) {
        return !output.to_stdout() && find_output_format(output.format)->is_written_to_a_file();
    });
    if ((options.pipeline.rotation.any() || options.pipeline.rotation.max_files != 0) && !has_file) {
        return fail(ErrorKind::usage, "-C, -G and -W split files: name one with -w FILE or -o FORMAT:FILE");
    }
    if (options.pipeline.rotation.max_files != 0 && !options.pipeline.rotation.any()) {
        return fail(ErrorKind::usage, "-W limits the files of -C or -G: give one of them too");
    }
    return {};
}

Result<void> check_stat(const RawOptions& raw, const Options& options) {
    const auto has = [&](bool (*counts)(const OutputSpec&)) {
        return std::ranges::any_of(options.pipeline.outputs, counts);
    };
    const bool has_stat = has([](const OutputSpec& output) { return output.format.starts_with("stat"); });
    const bool has_top = has([](const OutputSpec& output) { return output.format == kTopFormat; });
    return (raw.by && !has_stat && !has_top) || (raw.every && !has_stat)
               ? fail(ErrorKind::usage,
                      "--by and --every are for statistics: sslsniff stat ..., or add -o stat")
               : Result<void>();
}

Result<void> check_append(const Options& options) {
    if (!options.pipeline.append) {
        return {};
    }
    if (options.pipeline.rotation.max_size != 0) {
        return fail(ErrorKind::usage,
                    "--append and -C exclude each other: which file was the last, nobody knows");
    }
    bool any = false;
    for (const auto& output : options.pipeline.outputs) {
        if (output.to_stdout()) {
            continue;
        }
        if (!find_output_format(output.format)->lines) {
            return fail(ErrorKind::usage,
                        fmt::format("--append adds lines to text and JSON files: -o {} is none",
                                    printable(output.text())));
        }
        any = true;
    }
    return any ? Result<void>()
               : fail(ErrorKind::usage, "--append adds to files: name one with -o text:FILE or -o json:FILE");
}

Result<void> check_outputs(const Options& options) {
    if (std::ranges::count_if(options.pipeline.outputs, &OutputSpec::to_stdout) > 1) {
        return fail(ErrorKind::usage,
                    "two outputs to stdout would mix: give all but one a file, like -o json:out.jsonl");
    }
    std::vector<std::string> paths;
    for (const auto& output : options.pipeline.outputs) {
        if (std::ranges::find(paths, output.path) != paths.end()) {
            return fail(ErrorKind::usage,
                        fmt::format("two outputs to {}: give each its own file", printable(output.path)));
        }
        paths.push_back(output.path);
    }
    return {};
}

Result<void> check_spool(const Options& options) {
    const auto collectors = std::ranges::count(options.pipeline.outputs, kOtlpFormat, &OutputSpec::format);
    if (options.pipeline.settings.otlp.spool.empty() || collectors == 1) {
        return {};
    }
    return fail(ErrorKind::usage, collectors == 0
                                      ? "--spool keeps what waits for a collector: name one with -o otlp:URL"
                                      : "--spool keeps what waits for one collector, and there are more");
}

}  // namespace sslsniff
