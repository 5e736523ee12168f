#include "app/pcapng_output.h"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <utility>

#include "output/pcapng/rotating_files.h"
#include "protocols/http2/dissector_context.h"
#include "protocols/protocol.h"

namespace sslsniff {
namespace {

PcapngHost this_host() {
    PcapngHost host;
    utsname system{};
    if (::uname(&system) == 0) {
        host.hardware = static_cast<const char*>(system.machine);
        host.os = fmt::format("{} {}", static_cast<const char*>(system.sysname),
                              static_cast<const char*>(system.release));
    }
    return host;
}

std::string guess_protocol(const ConnectionInfo& connection, ByteView sent, ByteView received) {
    const Evidence evidence{sent, received, connection, connection.midstream};
    for (const Protocol& protocol : protocols()) {
        if (protocol.detect(evidence) == Verdict::yes) {
            return std::string(protocol.name);
        }
    }
    return {};
}

std::unique_ptr<StreamContext> make_context(std::string_view protocol, Direction client, bool from_start) {
    return protocol == "h2" ? http2::make_dissector_context(client, from_start) : nullptr;
}

PcapngOptions options_for(const Options& options) {
    PcapngOptions pcapng;
    pcapng.carriage = options.pcapng;
    pcapng.host = this_host();
    return pcapng;
}

}  // namespace

Result<std::unique_ptr<PcapngOutput>> PcapngOutput::open(const OutputSpec& spec, const Options& options) {
    std::unique_ptr<FdOutputStream> stream;
    std::unique_ptr<OutputSequence> files;
    if (spec.to_stdout()) {
        stream = std::make_unique<FdOutputStream>(STDOUT_FILENO, "standard output");
    } else if (options.rotation.any()) {
        const auto now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
        auto row = RotatingFiles::create(spec.path, options.rotation, now);
        if (!row) {
            return std::unexpected(row.error());
        }
        files = *std::move(row);
    } else {
        auto file = create_output_file(spec.path);
        if (!file) {
            return std::unexpected(file.error());
        }
        stream = *std::move(file);
    }
    if (!files) {
        files = std::make_unique<SingleOutput>(*stream);
    }
    return std::unique_ptr<PcapngOutput>(new PcapngOutput(std::move(stream), std::move(files), options));
}

PcapngOutput::PcapngOutput(std::unique_ptr<FdOutputStream> stream, std::unique_ptr<OutputSequence> files,
                           const Options& options)
    : stream_(std::move(stream)),
      files_(std::move(files)),
      sink_(options_for(options), *files_, guess_protocol, make_context) {}

Result<void> PcapngOutput::checked(Result<void> result) {
    if (!result && stream_ && stream_->is_closed_reader()) {
        reader_is_gone_ = true;
        return {};
    }
    return result;
}

}  // namespace sslsniff
