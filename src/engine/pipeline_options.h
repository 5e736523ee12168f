#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "output/files/file_row.h"
#include "output/output_settings.h"
#include "protocols/decode_as.h"
#include "redaction/redactor.h"

namespace sslsniff {

/// An output: what is written, and where to.
struct OutputSpec {
    std::string format;  ///< name of an OutputFormat
    std::string path;    ///< "-" is stdout
    bool to_stdout() const { return path == "-"; }
    std::string text() const { return format + ":" + path; }  ///< for messages
};

/// What is made of events. Plain data.
struct PipelineOptions {
    std::vector<OutputSpec> outputs;  ///< may be empty: then only the totals are of interest
    OutputSettings settings;
    RotationOptions rotation;  ///< of all outputs to files
    bool append = false;       ///< those that can be added to (OutputFormat::lines) add to files that exist

    std::string expression;  ///< pcap-filter, compiles; empty: every connection
    std::string where;       ///< WhereFilter, parses; empty: every transaction

    bool names = true;                   ///< peers are called what DNS and ClientHellos call them
    bool show_secrets = false;           ///< credentials are shown
    RedactionOptions redaction;          ///< what is taken out besides
    std::vector<DecodeAs> decode_as;     ///< ports whose protocol the user knows
    std::string proto;                   ///< file with protobuf descriptors; empty: none
    std::optional<std::uint64_t> count;  ///< ends after so many transactions, or connections

    /// Threads that render transactions, the one with the loop among them; see Pipeline::start_threads().
    unsigned threads = 1;

    std::uint64_t max_body = 64ULL * 1024;  ///< bytes kept of each body
};

}  // namespace sslsniff
