#include "stages/undecoded_tally.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace sslsniff {
namespace {

constexpr std::size_t kShown = 6;

std::string counted(std::uint64_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

void UndecodedTally::on_connection(const ConnectionRecord& record) {
    count(record);
    next().on_connection(record);
}

void UndecodedTally::count(const ConnectionRecord& record) {
    const std::string& reason = record.connection.tls.not_decoded;
    if (reason.empty()) {
        return;
    }
    ++connections_;
    const Kind kind{record.connection.process->comm, reason};
    if (kinds_.size() < kMostKinds || kinds_.contains(kind)) {
        ++kinds_[kind];
    }
}

std::string UndecodedTally::sentence() const {
    if (connections_ == 0) {
        return {};
    }
    std::vector<std::pair<Kind, std::uint64_t>> kinds(kinds_.begin(), kinds_.end());
    std::ranges::sort(kinds, [](const auto& a, const auto& b) {
        return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    const std::size_t more = kinds.size() - std::min(kinds.size(), kShown);
    kinds.resize(kinds.size() - more);
    std::vector<std::string> shown;
    for (const auto& [kind, count] : kinds) {
        const auto& [comm, reason] = kind;  // captures made by other tools do not know programs
        shown.push_back(fmt::format(
            "{}{}", kinds.size() + more > 1 ? fmt::format("{} of ", count) : "",
            comm.empty() ? printable(reason) : fmt::format("{} ({})", printable(comm), printable(reason))));
    }
    return fmt::format("{} not decoded: {}{}",
                       counted(connections_, "TLS connection") + (connections_ == 1 ? " was" : " were"),
                       fmt::join(shown, ", "), more > 0 ? fmt::format(" and {} more", more) : "");
}

}  // namespace sslsniff
