#pragma once

#include <string>

#include "base/result.h"
#include "output/files/file_rules.h"
#include "output/files/file_service.h"
#include "output/files/private_file.h"

namespace sslsniff {

/// A file that may not be written, with the reason.
Error refuse_to_write(const std::string& path, const Error& why);

/// Creates the file `name` of `row`, or empties it, and claims it. Nothing happens to a file that is another
/// output's, or no file.
Result<OpenedFile> open_claimed(const OutputRow& row, const std::string& name, FileRules& rules);

/// Whether `name` is that file.
bool is_still_there(const std::string& name, const FileIdentity& identity, const FileRules& rules);

/// A file that did not exist: what was typed by chance must not cost anybody one.
Result<UniqueFd> create_anew(const std::string& path, const FileRules& rules);

}  // namespace sslsniff
