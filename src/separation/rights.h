#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "output/files/file_rules.h"

namespace sslsniff {

/// What one of the two processes of a capture holds.
struct ProcessRights {
    std::string process;  ///< as ps shows it
    std::string task;     ///< "reads the traffic"
    uid_t uid = 0;
    std::vector<std::string> capabilities;  ///< "CAP_BPF"; ascending by number
    bool filters_system_calls = false;
};

/// What they would hold in a capture that this process starts, with outputs to files, and whose reader is
/// `user` where that can be changed.
std::vector<ProcessRights> rights_of_a_capture(const FileOwner& user);

}  // namespace sslsniff
