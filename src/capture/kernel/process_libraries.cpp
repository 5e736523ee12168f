#include "capture/kernel/process_libraries.h"

#include <vector>

namespace sslsniff {

void ProcessLibraries::note(std::uint32_t pid, const std::string& name, Capture capture) {
    if (processes_.size() >= kMostProcesses && !processes_.contains(pid)) {
        processes_.clear();  // most of them have ended
    }
    Libraries& libraries = processes_[pid];
    if (libraries.size() < kMostLibraries) {
        libraries.emplace(name, capture);
    }
}

void ProcessLibraries::note_sockets_by_payload(std::uint32_t pid) {
    if (by_payload_.size() >= kMostProcesses) {
        by_payload_.clear();
    }
    by_payload_.insert(pid);
}

UncoveredTls ProcessLibraries::describe(std::uint32_t pid) const {
    const auto found = processes_.find(pid);
    if (found == processes_.end() || found->second.empty()) {
        return {{}, kUnknownLibrary};
    }
    UncoveredTls tls;
    std::size_t count = 0;
    const auto add = [&](const std::string& name, const char* why) {
        tls.reason += (count == 0 ? "" : ", or ") + name + why;
        tls.library = count++ == 0 ? name : "";
    };
    std::string probed;
    for (const auto& [name, capture] : found->second) {
        if (capture == Capture::foreign) {
            add(name, ": not captured");
        } else if (capture == Capture::left_out) {
            add(name, ": left out by --tls");
        } else if (capture == Capture::late) {
            add(name, ": probed too late");
        } else {
            probed += (probed.empty() ? "" : ", ") + name;
        }
    }
    if (count == 0) {
        tls.reason = "not by " + probed + ", or before it was probed";
    }
    return tls;
}

}  // namespace sslsniff
