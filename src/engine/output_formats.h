#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "capture/origin.h"
#include "engine/pipeline_options.h"
#include "output/output.h"

namespace sslsniff {

/// One row of the table of output formats.
struct OutputFormat {
    std::string_view name;
    bool for_people;  ///< -q leaves it out
    /// `origin` says where the events come from; it is asked once they do.
    std::unique_ptr<Output> (*make)(std::unique_ptr<OutputFile> file, const PipelineOptions& options,
                                    const std::function<Origin()>& origin);
};

/// The format of -w.
inline constexpr std::string_view kPcapngFormat = "pcapng";

std::span<const OutputFormat> output_formats();

/// Null when there is no such format.
const OutputFormat* find_output_format(std::string_view name);

/// "text, json, har, trace", for messages.
std::string output_format_names();

}  // namespace sslsniff
