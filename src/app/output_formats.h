#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "app/options.h"
#include "base/output_stream.h"
#include "capture/origin.h"
#include "model/event.h"
#include "model/transaction.h"

namespace sslsniff {

/// One row of the table of output formats. A format takes either transactions or events: the other factory is
/// null. The stream outlives what is made.
struct OutputFormat {
    std::string_view name;
    bool for_people;  ///< -q leaves it out
    std::unique_ptr<TransactionSink> (*make_sink)(OutputStream& stream, const Options& options,
                                                  bool terminal);
    std::unique_ptr<EventConsumer> (*make_writer)(OutputStream& stream, std::function<Origin()> origin);
};

/// The format that has no factory here: it may have many files (PcapngOutput).
inline constexpr std::string_view kPcapngFormat = "pcapng";

std::span<const OutputFormat> output_formats();

/// Null when there is no such format.
const OutputFormat* find_output_format(std::string_view name);

/// "text, json, har, trace", for messages.
std::string output_format_names();

}  // namespace sslsniff
