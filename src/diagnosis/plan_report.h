#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "capture/discovery/attach_plan.h"
#include "capture/discovery/proc_fs.h"
#include "output/json/json_writer.h"

namespace sslsniff {

enum class ReportFormat : std::uint8_t { text, json };

/// How much of a library is told.
enum class LibraryDetail : std::uint8_t { users, users_and_sites };

/// A library of a plan for people, several lines. Names from other processes are made printable.
std::string library_text(const LibraryPlan& library, LibraryDetail detail, const ProcFs& proc);

/// What cannot be captured, for people: one entry for each cause, with the processes that it concerns.
std::string skipped_text(std::span<const SkippedTarget> skipped, const ProcFs& proc);

/// The fields of a library (docs/json.md) into the object that is open.
void write_library(JsonWriter& json, const LibraryPlan& library, LibraryDetail detail, const ProcFs& proc);

/// The same for what cannot be captured.
void write_skipped(JsonWriter& json, const SkippedTarget& skipped);

}  // namespace sslsniff
