#include "separation/capabilities.h"

#include <cap-ng.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <vector>

namespace sslsniff {
namespace {

// Older headers lack the names: linux/capability.h of 5.8 and 5.9.
constexpr unsigned kPerfmon = 38;
constexpr unsigned kBpf = 39;
constexpr unsigned kCheckpointRestore = 40;

/// README.md, "Requirements and limits", says what each is for.
constexpr std::array<unsigned, 8> kForProbes{
    CAP_DAC_READ_SEARCH, CAP_NET_ADMIN, CAP_SYS_PTRACE, CAP_SYS_RESOURCE,
    CAP_SYSLOG,          kPerfmon,      kBpf,           kCheckpointRestore};
constexpr std::array<unsigned, 3> kForFiles{CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER};

constexpr const char* kCannot = "cannot drop the capabilities that a capture does not need";

std::string upper_case(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c; });
    return text;
}

/// Of those that capng_get_caps_process() found, ascending.
std::vector<unsigned> wanted_for(const PrivilegedWork& work) {
    std::vector<unsigned> wanted;
    if (work.probes) {
        wanted.assign(kForProbes.begin(), kForProbes.end());
    }
    if (work.sys_admin) {
        wanted.push_back(CAP_SYS_ADMIN);
    }
    if (work.files) {
        wanted.insert(wanted.end(), kForFiles.begin(), kForFiles.end());
    }
    if (work.signals) {
        wanted.push_back(CAP_KILL);
    }
    std::erase_if(
        wanted, [](unsigned capability) { return capng_have_capability(CAPNG_PERMITTED, capability) == 0; });
    std::ranges::sort(wanted);
    return wanted;
}

}  // namespace

Result<void> drop_capabilities() {
    if (capng_get_caps_process() != 0) {
        return fail(kCannot);
    }
    capng_clear(CAPNG_SELECT_CAPS);
    return capng_apply(CAPNG_SELECT_CAPS) == 0 ? Result<void>() : fail(kCannot);
}

Result<void> keep_capabilities(const PrivilegedWork& work) {
    if (capng_get_caps_process() != 0) {
        return fail(kCannot);
    }
    const auto wanted = wanted_for(work);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    capng_clear(CAPNG_SELECT_BOTH);
    for (const unsigned capability : wanted) {
        capng_update(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED), capability);
    }
    // The bounding set needs CAP_SETPCAP, which may be missing.
    if (capng_apply(CAPNG_SELECT_BOTH) != 0 && capng_apply(CAPNG_SELECT_CAPS) != 0) {
        return fail(kCannot);
    }
    return {};
}

std::vector<std::string> kept_capabilities(const PrivilegedWork& work) {
    std::vector<std::string> names;
    if (capng_get_caps_process() == 0) {
        for (const unsigned capability : wanted_for(work)) {
            const char* name = capng_capability_to_name(capability);
            names.push_back(name != nullptr ? "CAP_" + upper_case(name) : std::to_string(capability));
        }
    }
    return names;
}

}  // namespace sslsniff
