#pragma once

#include <sys/stat.h>

#include <memory>
#include <string>

#include "base/patience.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "capture/event_source.h"

namespace sslsniff {

struct Recording {
    std::unique_ptr<EventSource> source;
    struct stat status{};  ///< of the file
    UniqueFd file;         ///< shares its offset with what `source` reads
};

/// Opens a recording for -r: what it is shows in its first bytes, not in its name. Waits until those are
/// there; an error when they are of no recording. "-" is stdin. Later waits are `patience`'s, which outlives
/// the source.
Result<Recording> open_recording(const std::string& path, Patience& patience);

}  // namespace sslsniff
