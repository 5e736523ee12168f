#include "capture/discovery/library_place.h"

#include <fmt/format.h>

#include "base/text.h"

namespace sslsniff {

std::string library_place(const LibraryPlan& library, const ProcFs& proc) {
    constexpr std::size_t kShortId = 12;  // as docker and podman show ids
    std::string place = printable(library.display_path);
    for (const pid_t pid : library.processes) {
        if (const std::string id = proc.container_id(pid); !id.empty()) {
            place += " in container " + printable(id.substr(0, id.size() == 64 ? kShortId : id.size()));
            break;
        }
        if (!proc.file_root(pid).prefix.empty()) {
            place += fmt::format(" as process {} sees it", pid);
            break;
        }
    }
    return place;
}

}  // namespace sslsniff
