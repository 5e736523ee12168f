#include "output/pcapng/pcapng_output.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <utility>

#include "output/file_output.h"
#include "output/pcapng/pcapng_sink.h"

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

}  // namespace

std::unique_ptr<Output> make_pcapng_output(const OutputPlace& place, const OutputContext& context) {
    PcapngOptions options;
    options.encapsulation = context.settings.pcapng;
    options.host = this_host();
    options.max_memory = context.settings.max_memory / 4;
    return std::make_unique<EventOutput<PcapngSink>>(place.make_file(), std::move(options),
                                                     context.dissectors);
}

}  // namespace sslsniff
