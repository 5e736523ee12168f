#pragma once

#include "app/options.h"
#include "app/raw_options.h"
#include "base/result.h"

namespace sslsniff {

// Whether options that are right by themselves fit together. Errors are sentences for the user
// (ErrorKind::usage).

/// Something is captured, or a recording is read.
Result<void> check_targets(const Options& options);
Result<void> check_filters(const Options& options);
/// -C, -G and -W have files to divide.
Result<void> check_rotation(const Options& options);
/// --by and --every have statistics to shape.
Result<void> check_stat(const RawOptions& raw, const Options& options);
/// --append has files that can be added to: emptying one all the same would be the last thing that was meant.
Result<void> check_append(const Options& options);
/// No two outputs go to one place.
Result<void> check_outputs(const Options& options);
/// --spool has one collector.
Result<void> check_spool(const Options& options);

}  // namespace sslsniff
