#include "base/system_error.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <cerrno>
#include <system_error>

namespace sslsniff {

std::string error_text(int error) {
    std::string text = std::generic_category().message(error);
    rlimit limit{};
    if (error == EMFILE && ::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        text += fmt::format(" (the limit is {}: raise it with ulimit -n)", limit.rlim_cur);
    }
    return text;
}

ErrorKind error_kind(int error) {
    switch (error) {
        case EPERM:
        case EACCES:
            return ErrorKind::permission;
        case ENOENT:
        case ESRCH:
            return ErrorKind::not_found;
        default:
            return ErrorKind::system;
    }
}

}  // namespace sslsniff
