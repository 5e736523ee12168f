#include "output/files/claimed_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/system_error.h"
#include "base/text.h"

namespace sslsniff {

Error refuse_to_write(const std::string& path, const Error& why) {
    return {fmt::format("will not write {}: {}", printable(path), why.message), why.kind};
}

Result<OpenedFile> open_claimed(const OutputRow& row, const std::string& name, FileRules& rules) {
    const auto file = PrivateFile::find(name, rules);
    if (!file) {
        return std::unexpected(file.error());
    }
    if (!file->is_regular()) {
        return fail(ErrorKind::output,
                    fmt::format("cannot create {}: something else has taken its place", printable(name)));
    }
    // What is there may be another's; so may be the new file, when its folder has another name.
    if (auto claimed = rules.claim(file->identity(), row.user); !claimed) {
        return std::unexpected(refuse_to_write(name, claimed.error()));
    }
    rules.release(file->identity());
    auto fd = file->open(rules, row.append ? PrivateFile::Existing::append : PrivateFile::Existing::empty);
    if (!fd) {
        return std::unexpected(fd.error());
    }
    struct stat status{};
    if (::fstat(fd->get(), &status) != 0) {
        return fail(ErrorKind::output,
                    fmt::format("cannot create {}: {}", printable(name), error_text(errno)));
    }
    FileIdentity identity = FileIdentity::of(status);
    if (auto claimed = rules.claim(identity, row.user); !claimed) {
        return std::unexpected(refuse_to_write(name, claimed.error()));
    }
    return OpenedFile{*std::move(fd), std::move(identity)};
}

bool is_still_there(const std::string& name, const FileIdentity& identity, const FileRules& rules) {
    const auto file = PrivateFile::find(name, rules);
    return file && file->exists() && file->identity() == identity;
}

Result<UniqueFd> create_anew(const std::string& path, const FileRules& rules) {
    UniqueFd file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR));
    if (!file) {
        return fail(error_kind(errno),
                    errno == EEXIST
                        ? fmt::format("{} is there already: choose another name", printable(path))
                        : fmt::format("cannot create {}: {}", printable(path), error_text(errno)));
    }
    give_to(file.get(), rules.owner());
    return file;
}

}  // namespace sslsniff
