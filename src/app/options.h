#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/capture_options.h"
#include "engine/pipeline_options.h"
#include "model/time.h"

namespace sslsniff {

/// The command line, checked as far as it can be without looking at the system.
struct Options {
    CaptureOptions capture;  ///< names no target with `read_path`, at least one without
    std::string read_path;   ///< a recording instead; "-" is stdin

    PipelineOptions pipeline;  ///< at least one output, at most one to stdout; -q leaves out those for people
    bool quiet = false;
    std::optional<Duration> duration;

    std::vector<std::string> hints;  ///< sentences for the user about what is likely a mistake

    bool live() const { return read_path.empty(); }
};

}  // namespace sslsniff
