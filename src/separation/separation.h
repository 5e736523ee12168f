#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "engine/capture_options.h"
#include "output/files/file_rules.h"
#include "separation/attacher_link.h"

namespace sslsniff::separation {

/// The process that will keep the privileges, as a child: to be made first, while this one is small and has a
/// single thread. It attaches for `options`, when there are any, as soon as it is asked, and makes files,
/// which it gives to `owner`. Both outlive the link. The child ignores signals: it ends with the link, or
/// with this process.
Result<std::unique_ptr<AttacherLink>> start_attacher(const CaptureOptions* options,
                                                     std::optional<FileOwner> owner);

/// A user other than root gives up here what it has besides its own rights: only the attacher needs it.
Result<void> drop_capabilities_unless_root();

/// From now on the other process makes the files that `rules` speak of, and with `new_files` what a user at a
/// terminal asks for; this one enters the sandbox as `user`, for good. `link` null: nobody makes files.
Result<void> give_up_privileges(AttacherLink* link, FileRules& rules, bool new_files, const FileOwner& user);

}  // namespace sslsniff::separation
