#include "engine/live_setup.h"

#include <utility>

#include "engine/descriptors.h"
#include "engine/targets.h"

namespace sslsniff {
namespace {

/// What programs, maps and the probes of one library take, with room for outputs.
constexpr std::uint64_t kLeastDescriptors = 256;

}  // namespace

Result<LiveOptions> prepare_live_options(const CaptureOptions& options, std::optional<pid_t> command) {
    if (auto raised = raise_descriptor_limit(kLeastDescriptors); !raised) {
        return std::unexpected(raised.error());
    }
    auto targets = resolve_targets(options, command);
    if (!targets) {
        return std::unexpected(targets.error());
    }
    LiveOptions live;
    live.targets = *std::move(targets);
    live.ring_bytes = options.buffer_size;
    live.snaplen = options.snaplen;
    live.payload = options.payload;
    live.probes = options.probes;
    live.sockets = options.sockets;
    live.tls = options.tls;
    live.libraries = options.libraries;
    live.cleartext = options.cleartext;
    if (command) {
        live.expect_exec = true;
        live.command_path = options.command.front();
    }
    return live;
}

}  // namespace sslsniff
