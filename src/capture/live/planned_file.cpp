#include "capture/live/planned_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/text.h"
#include "capture/discovery/proc_fs.h"

namespace sslsniff {

namespace {

bool is_planned(const UniqueFd& file, const LibraryPlan& library) {
    struct stat status{};
    return file && fstat(file.get(), &status) == 0 && status.st_dev == library.file.device &&
           status.st_ino == library.file.inode;
}

UniqueFd open_file(const std::string& path) {
    return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

UniqueFd open_mapped(const LibraryPlan& library) {
    const ProcFs proc;
    for (const pid_t pid : library.processes) {
        for (const Mapping& mapping : proc.executable_mappings(pid).value_or(std::vector<Mapping>())) {
            if (mapping.inode != library.file.inode) {
                continue;
            }
            if (UniqueFd file = open_file(proc.mapping_path(pid, mapping)); is_planned(file, library)) {
                return file;
            }
        }
    }
    return UniqueFd();
}

/// Not one that has ended, be it that nobody has waited for it yet, or that runs another program meanwhile.
bool may_use(pid_t pid, const LibraryPlan& library) {
    const auto mappings = ProcFs().executable_mappings(pid);
    return mappings ? std::ranges::find(*mappings, library.file.inode, &Mapping::inode) != mappings->end()
                    : !mappings.error().gone;
}

}  // namespace

Result<UniqueFd> open_planned(const LibraryPlan& library) {
    UniqueFd file = open_file(library.open_path);
    const int error = file ? 0 : errno;
    if (is_planned(file, library)) {
        return file;
    }
    if (UniqueFd mapped = open_mapped(library)) {
        return mapped;
    }
    const auto uses_it = [&library](pid_t pid) { return may_use(pid, library); };
    if (!library.processes.empty() && std::ranges::none_of(library.processes, uses_it)) {
        return fail(ErrorKind::not_found,
                    fmt::format("No process uses {} any more.", printable(library.display_path)));
    }
    return fail(error != 0
                    ? fmt::format("{} cannot be opened ({}): its TLS calls are not captured.",
                                  printable(library.display_path), std::strerror(error))
                    : fmt::format("{} has been replaced in the meantime: its TLS calls are not captured.",
                                  printable(library.display_path)));
}

}  // namespace sslsniff
