#include "app/recording.h"

#include <unistd.h>

#include <utility>

#include "base/input_stream.h"
#include "capture/trace_reader.h"

namespace sslsniff {
namespace {

Result<std::unique_ptr<InputStream>> open_input(const std::string& path) {
    if (path == "-") {
        return std::make_unique<FdInputStream>(STDIN_FILENO, "standard input");
    }
    auto fd = open_input_file(path);
    if (!fd) {
        return std::unexpected(fd.error());
    }
    return std::make_unique<FdInputStream>(*std::move(fd), path);
}

}  // namespace

Result<std::unique_ptr<EventSource>> open_recording(const std::string& path) {
    auto input = open_input(path);
    if (!input) {
        return std::unexpected(input.error());
    }
    return std::make_unique<TraceReader>(*std::move(input));
}

}  // namespace sslsniff
