#include "separation/reader_user.h"

#include <fmt/format.h>
#include <pwd.h>

#include <vector>

#include "base/number.h"
#include "base/text.h"

namespace sslsniff {
namespace {

constexpr const char* kOwnUser = "sslsniff";  // packages make it
/// The kernel's overflow user, also where /etc/passwd does not name it.
constexpr FileOwner kNobody{65534, 65534};

template <class Find>
std::optional<FileOwner> look_up(Find find) {
    std::vector<char> buffer(64UL * 1024);
    passwd entry{};
    passwd* found = nullptr;
    find(&entry, buffer.data(), buffer.size(), &found);
    return found != nullptr ? std::optional(FileOwner{found->pw_uid, found->pw_gid}) : std::nullopt;
}

std::optional<FileOwner> find_user(const std::string& name) {
    return look_up([&](auto... rest) { return ::getpwnam_r(name.c_str(), rest...); });
}

}  // namespace

Result<FileOwner> find_reader_user(const std::optional<std::string>& name) {
    if (!name) {
        const auto own = find_user(kOwnUser);
        return own && own->uid != 0 ? *own : kNobody;
    }
    auto user = find_user(*name);
    if (const auto uid = parse_number<uid_t>(*name); !user && uid) {
        user = look_up([&](auto... rest) { return ::getpwuid_r(*uid, rest...); });
        user = user ? user : FileOwner{*uid, *uid};
    }
    if (!user) {
        return fail(ErrorKind::not_found,
                    fmt::format("--user: there is no user '{}': give a name from /etc/passwd or a uid",
                                printable(*name)));
    }
    if (user->uid == 0) {
        return fail(ErrorKind::usage,
                    "--user: what reads traffic does not run as root: give an unprivileged user");
    }
    return *user;
}

}  // namespace sslsniff
