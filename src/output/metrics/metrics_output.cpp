#include "output/metrics/metrics_output.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "output/metrics/metrics_text.h"

namespace sslsniff {
namespace {

double seconds(const timeval& time) {
    constexpr double kMicrosecond = 1e-6;
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * kMicrosecond;
}

/// Of proc(5), "statm" and "fd".
OwnUsage own_usage() {
    OwnUsage usage;
    rusage spent{};
    if (::getrusage(RUSAGE_SELF, &spent) == 0) {
        usage.cpu_seconds = seconds(spent.ru_utime) + seconds(spent.ru_stime);
    }
    std::ifstream statm("/proc/self/statm");
    std::uint64_t size = 0;
    std::uint64_t resident = 0;
    if (statm >> size >> resident) {
        usage.resident_bytes = resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    }
    std::error_code error;
    const std::filesystem::directory_iterator files("/proc/self/fd", error);
    if (!error) {
        usage.open_files = static_cast<std::uint64_t>(std::distance(begin(files), end(files)));
    }
    return usage;
}

}  // namespace

MetricsOutput::MetricsOutput(std::string address, std::function<std::optional<BufferUse>()> buffer,
                             std::function<std::optional<AttacherUse>()> attacher)
    : address_(std::move(address)),
      buffer_(std::move(buffer)),
      attacher_(std::move(attacher)),
      server_("/metrics", "text/plain; version=0.0.4; charset=utf-8") {}

Result<void> MetricsOutput::check(Timestamp /*now*/) {
    const auto endpoint = parse_endpoint(address_);
    auto listening =
        endpoint
            ? server_.listen(*endpoint)
            : Result<void>(fail(ErrorKind::usage, fmt::format("'{}' is no address", printable(address_))));
    return listening ? listening : fail(listening.error().kind, "--metrics: " + listening.error().message);
}

Result<void> MetricsOutput::open(Timestamp /*now*/) {
    is_open_ = true;
    return {};
}

Result<bool> MetricsOutput::flush() {
    if (is_open_) {
        server_.serve([this] {
            OwnUsage usage = own_usage();
            usage.attacher = attacher_ ? attacher_() : std::nullopt;
            return metrics_text(counts_, buffer_ ? buffer_() : std::nullopt, usage);
        });
    }
    return true;
}

std::vector<std::string> MetricsOutput::take_remarks() {
    if (!is_open_ || std::exchange(told_, true)) {
        return {};
    }
    return {fmt::format("metrics are at http://{}/metrics", to_string(server_.address()))};
}

std::unique_ptr<Output> make_metrics_output(const OutputPlace& place, const OutputContext& context) {
    return std::make_unique<MetricsOutput>(place.options.path, context.buffer, context.attacher);
}

}  // namespace sslsniff
