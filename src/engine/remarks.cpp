#include "engine/remarks.h"

#include <fmt/format.h>

#include <cstddef>
#include <set>

#include "base/text.h"

namespace sslsniff {
namespace {

constexpr std::size_t kMostRemarks = 10;

}  // namespace

std::vector<std::string> remarks_about(std::span<const SkippedTarget> skipped, const RemarkPolicy& policy) {
    std::vector<std::string> remarks;
    std::size_t more = 0;
    std::set<pid_t> others;
    for (const SkippedTarget& target : skipped) {
        if (target.captured_otherwise && !policy.everything) {
            continue;
        }
        if (target.pid != 0 && !policy.everything && !policy.is_target(target.pid)) {
            others.insert(target.pid);
        } else if (remarks.size() < kMostRemarks || policy.everything) {
            remarks.push_back(printable(target.reason));
        } else {
            ++more;
        }
    }
    if (more > 0) {
        remarks.push_back(fmt::format("{} more like these: -v shows all", more));
    }
    if (policy.whole_host && !others.empty()) {
        remarks.push_back(
            fmt::format("{} cannot be captured: -v says why",
                        others.size() == 1 ? "1 process" : fmt::format("{} processes", others.size())));
    }
    return remarks;
}

}  // namespace sslsniff
