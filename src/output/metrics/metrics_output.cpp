#include "output/metrics/metrics_output.h"

#include <fmt/format.h>

#include <utility>

#include "base/process_use.h"
#include "base/text.h"
#include "output/metrics/metrics_text.h"

namespace sslsniff {
namespace {

/// Nothing where nobody can be asked.
template <class T>
T answer_of(const std::function<T()>& ask) {
    return ask ? ask() : T();
}

}  // namespace

MetricsOutput::MetricsOutput(std::string address, Sources sources)
    : address_(std::move(address)),
      sources_(std::move(sources)),
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
            return metrics_text(counts_, {.own = own_use(),
                                          .attacher = answer_of(sources_.attacher),
                                          .buffer = answer_of(sources_.buffer),
                                          .maps = answer_of(sources_.maps)});
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
    return std::make_unique<MetricsOutput>(
        place.options.path,
        MetricsOutput::Sources{.buffer = context.buffer, .attacher = context.attacher, .maps = context.maps});
}

}  // namespace sslsniff
