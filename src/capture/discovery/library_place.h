#pragma once

#include <string>

#include "capture/discovery/attach_plan.h"
#include "capture/discovery/proc_fs.h"

namespace sslsniff {

/// Path of a library, with the container that has it, as containers have libraries of their own under equal
/// paths. Printable.
std::string library_place(const LibraryPlan& library, const ProcFs& proc);

}  // namespace sslsniff
