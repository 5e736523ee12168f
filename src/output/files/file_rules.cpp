#include "output/files/file_rules.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "base/number.h"
#include "output/files/file_service.h"

namespace sslsniff {
namespace {

std::optional<unsigned> number_in(const char* variable) {
    const char* text = std::getenv(variable);
    return text != nullptr ? parse_number<unsigned>(text) : std::nullopt;
}

}  // namespace

std::optional<FileOwner> sudo_caller() {
    const auto uid = number_in("SUDO_UID");
    const auto gid = number_in("SUDO_GID");
    if (::geteuid() != 0 || !uid || !gid || *uid == 0) {
        return std::nullopt;
    }
    return FileOwner{*uid, *gid};
}

void give_to(int fd, const std::optional<FileOwner>& owner) {
    if (owner) {
        [[maybe_unused]] const int status = ::fchown(fd, owner->uid, owner->gid);
    }
}

bool FileRules::is_ours(uid_t uid) const {
    return uid == ::geteuid() || (owner_ && uid == owner_->uid);
}

Result<void> FileRules::claim(const Identity& file, const std::string& user) {
    const auto [claim, is_new] = claims_.emplace(file, user);
    return is_new || claim->second == user
               ? Result<void>()
               : fail(ErrorKind::output, fmt::format("it is also {}", claim->second));
}

void FileRules::release(const Identity& file) {
    if (service_ != nullptr) {
        service_->release(file);
    }
    claims_.erase(file);
}

std::uint32_t FileRules::grant(OutputRow row) {
    rows_.push_back(std::move(row));
    return static_cast<std::uint32_t>(rows_.size() - 1);
}

std::uint32_t FileRules::grant(int folder) {
    folders_.push_back(folder);
    return static_cast<std::uint32_t>(folders_.size() - 1);
}

}  // namespace sslsniff
