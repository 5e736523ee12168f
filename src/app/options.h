#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/capture_options.h"
#include "engine/pipeline_options.h"
#include "model/time.h"
#include "output/output_formats.h"

namespace sslsniff {

/// The command line, checked as far as it can be without looking at the system.
struct Options {
    CaptureOptions capture;  ///< names no target with `read_path`, at least one without
    std::string read_path;   ///< a recording instead; "-" is stdin

    /// At least one output, at most one to stdout. -q leaves out those for people then.
    PipelineOptions pipeline;
    bool quiet = false;
    std::optional<std::string> reader_user;  ///< whose rights what reads traffic has; none: a default
    std::optional<Duration> duration;
    std::string command_line;            ///< printable words, for those who look at a running capture
    std::optional<std::string> control;  ///< path of the control socket, or kNoControl; none: a default
    static constexpr std::string_view kNoControl = "none";
    unsigned threads = 1;  ///< that render transactions, up to kMostThreads
    static constexpr unsigned kMostThreads = 16;

    std::vector<std::string> hints;  ///< sentences for the user about what is likely a mistake

    bool live() const { return read_path.empty(); }
    /// Not only before there are events.
    bool creates_files_later() const {
        return pipeline.rotation.any() || !pipeline.settings.otlp.spool.empty() ||
               has_output(kBodiesFormat) || has_output(kTopFormat);
    }
    bool has_output(std::string_view format) const {
        return std::ranges::find(pipeline.outputs, format, &OutputSpec::format) != pipeline.outputs.end();
    }
};

}  // namespace sslsniff
