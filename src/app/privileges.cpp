#include "app/privileges.h"

#include <cap-ng.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace sslsniff {
namespace {

/// Of "nobody", also where /etc/passwd does not name it: the kernel's overflow user.
constexpr FileOwner kNobody{65534, 65534};

bool has_privileges() {
    return ::geteuid() == 0 || capng_have_capabilities(CAPNG_SELECT_CAPS) > CAPNG_NONE;
}

bool change_user(const FileOwner& user) {
    const auto flags = static_cast<capng_flags_t>(CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
    return capng_change_id(static_cast<int>(user.uid), static_cast<int>(user.gid), flags) == 0;
}

}  // namespace

Result<void> drop_privileges(const std::optional<FileOwner>& caller, bool creates_files) {
    constexpr const char* kCannotDrop = "cannot drop the privileges that reading a recording does not need";
    if (capng_get_caps_process() != 0) {
        return fail(kCannotDrop);
    }
    if (!has_privileges()) {
        return {};
    }
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    capng_clear(CAPNG_SELECT_BOTH);
    if (creates_files) {
        const auto sets = static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED);
        capng_updatev(CAPNG_ADD, sets, CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, -1);
    } else if (::geteuid() == 0 && change_user(caller.value_or(kNobody))) {
        return {};
    } else {
        capng_clear(CAPNG_SELECT_BOTH);
    }
    // The bounding set needs a capability that file capabilities may not have given; without it there is
    // nothing to gain by it either, since no new privileges come.
    if (capng_apply(CAPNG_SELECT_BOTH) != 0 && capng_apply(CAPNG_SELECT_CAPS) != 0) {
        return fail(kCannotDrop);
    }
    return {};
}

}  // namespace sslsniff
