#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <compare>
#include <string>
#include <utility>

namespace sslsniff {

/// A file by what it is, or by the folder it is in and its name there; `name` is empty in the first case.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    std::string name;
    auto operator<=>(const FileIdentity&) const = default;

    static FileIdentity of(const struct stat& status, std::string name = {}) {
        return {status.st_dev, status.st_ino, std::move(name)};
    }
};

}  // namespace sslsniff
