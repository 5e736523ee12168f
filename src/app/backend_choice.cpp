#include "app/backend_choice.h"

#include <fmt/format.h>

#include "base/text.h"
#include "model/names.h"

namespace sslsniff {
namespace {

constexpr Names<PayloadStrategy, 3> kPayload{{{PayloadStrategy::user_dynptr, "user_dynptr"},
                                              {PayloadStrategy::slices, "slices"},
                                              {PayloadStrategy::classes, "classes"}}};
constexpr Names<ProbeMechanism, 2> kProbes{
    {{ProbeMechanism::multi, "multi"}, {ProbeMechanism::perf, "perf"}}};
constexpr Names<SocketBackend, 4> kSockets{{{SocketBackend::tracepoint, "tracepoint"},
                                            {SocketBackend::fentry, "fentry"},
                                            {SocketBackend::kprobe, "kprobe"},
                                            {SocketBackend::none, "none"}}};

template <class Enum, std::size_t N>
void add_names(const Names<Enum, N>& names, std::vector<std::string>& out) {
    for (const auto& [value, name] : names) {
        out.emplace_back(name);
    }
}

}  // namespace

std::vector<std::string> backend_names() {
    std::vector<std::string> names;
    add_names(kPayload, names);
    add_names(kProbes, names);
    add_names(kSockets, names);
    return names;
}

Result<void> choose_backends(const std::vector<std::string>& names, CaptureOptions& options) {
    for (const auto& name : names) {
        if (const auto payload = value_of(kPayload, name)) {
            options.payload = *payload;
        } else if (const auto probes = value_of(kProbes, name)) {
            options.probes = *probes;
        } else if (const auto sockets = value_of(kSockets, name)) {
            options.sockets = *sockets;
        } else {
            return fail(
                ErrorKind::usage,
                fmt::format(
                    "--backend: '{}' is none of user_dynptr, slices, classes; multi, perf; tracepoint, "
                    "fentry, kprobe, none",
                    printable(name)));
        }
    }
    return {};
}

}  // namespace sslsniff
