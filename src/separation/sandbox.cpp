#include "separation/sandbox.h"

#include <cap-ng.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "separation/system_call_filter.h"

namespace sslsniff {
namespace {

bool has_privileges() {
    return ::geteuid() == 0 || capng_have_capabilities(CAPNG_SELECT_CAPS) > CAPNG_NONE;
}

bool change_user(const FileOwner& user) {
    const auto flags = static_cast<capng_flags_t>(CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
    return capng_change_id(static_cast<int>(user.uid), static_cast<int>(user.gid), flags) == 0;
}

Result<void> drop_privileges(const FileOwner& user) {
    constexpr const char* kCannotDrop = "cannot drop the privileges that reading traffic does not need";
    if (capng_get_caps_process() != 0) {
        return fail(kCannotDrop);
    }
    if (!has_privileges()) {
        return {};
    }
    capng_clear(CAPNG_SELECT_BOTH);
    if (::geteuid() == 0 && change_user(user)) {
        return {};
    }
    capng_clear(CAPNG_SELECT_BOTH);
    // The bounding set needs a capability that file capabilities may not have given; without it there is
    // nothing to gain by it either, since no new privileges come.
    if (capng_apply(CAPNG_SELECT_BOTH) != 0 && capng_apply(CAPNG_SELECT_CAPS) != 0) {
        return fail(kCannotDrop);
    }
    return {};
}

}  // namespace

Result<void> enter_sandbox(const FileOwner& user) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (auto dropped = drop_privileges(user); !dropped) {
        return dropped;
    }
    return has_system_call_filter() ? filter_system_calls() : Result<void>();
}

bool has_system_call_filter() {
#ifdef SSLSNIFF_SANITIZED
    return false;
#else
    return true;
#endif
}

}  // namespace sslsniff
