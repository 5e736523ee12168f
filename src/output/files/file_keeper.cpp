#include "output/files/file_keeper.h"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "base/text.h"
#include "output/files/claimed_file.h"
#include "output/files/file_row.h"

namespace sslsniff {
namespace {

/// Of a file in a folder, and nowhere else.
bool is_plain_name(const std::string& name) {
    return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
           name.find('\0') == std::string::npos;
}

std::unexpected<Error> deny(const std::string& name) {
    return fail(ErrorKind::permission,
                fmt::format("cannot create {}: it is none of this capture's outputs", printable(name)));
}

}  // namespace

void FileKeeper::grant(const FileIdentity& file, const std::string& user) {
    static_cast<void>(rules_.claim(file, user));  // as it was where it comes from
}

bool FileKeeper::is_granted(std::uint32_t row, const std::string& name) const {
    return row < rows_.size() && name.find('\0') == std::string::npos &&
           FileRow::could_be_named(rows_[row].path, name);
}

Result<OpenedFile> FileKeeper::open_file(std::uint32_t row, const std::string& name) {
    return is_granted(row, name) ? open_claimed(rows_[row], name, rules_) : deny(name);
}

bool FileKeeper::has_file(std::uint32_t row, const std::string& name, const FileIdentity& identity) {
    return is_granted(row, name) && is_still_there(name, identity, rules_);
}

Result<UniqueFd> FileKeeper::create_anew(const std::string& path) {
    return makes_new_files_ && path.find('\0') == std::string::npos ? sslsniff::create_anew(path, rules_)
                                                                    : deny(path);
}

/// Null, with errno, unless both are right.
const PrivateFolder* FileKeeper::folder(std::uint32_t number, const std::string& name) const {
    if (number < folders_.size() && is_plain_name(name)) {
        return &folders_[number];
    }
    errno = EPERM;
    return nullptr;
}

UniqueFd FileKeeper::create(std::uint32_t number, const std::string& name) {
    const auto* found = folder(number, name);
    return found != nullptr ? found->create(name) : UniqueFd();
}

UniqueFd FileKeeper::append_to(std::uint32_t number, const std::string& name) {
    const auto* found = folder(number, name);
    return found != nullptr ? found->append_to(name) : UniqueFd();
}

UniqueFd FileKeeper::read(std::uint32_t number, const std::string& name) {
    const auto* found = folder(number, name);
    return found != nullptr ? found->read(name) : UniqueFd();
}

bool FileKeeper::rename_new(std::uint32_t number, const std::string& from, const std::string& to) {
    const auto* found = is_plain_name(to) ? folder(number, from) : folder(number, "");
    return found != nullptr && found->rename_new(from, to);
}

bool FileKeeper::remove(std::uint32_t number, const std::string& name) {
    const auto* found = folder(number, name);
    return found != nullptr && found->remove(name);
}

}  // namespace sslsniff
