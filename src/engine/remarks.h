#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "capture/discovery/attach_plan.h"

namespace sslsniff {

/// How much of what cannot be captured is worth telling.
struct RemarkPolicy {
    bool whole_host = false;               ///< -a: others are worth a count
    bool everything = false;               ///< -v: all of it
    std::function<bool(pid_t)> is_target;  ///< named by the user, more closely than by "the whole host"
};

/// What to tell the user of `skipped`: one printable sentence each, at most a screenful. What does not
/// concern a process the user named is counted in one sentence, or left out.
std::vector<std::string> remarks_about(std::span<const SkippedTarget> skipped, const RemarkPolicy& policy);

}  // namespace sslsniff
