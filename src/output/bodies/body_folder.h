#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "model/body.h"
#include "output/bodies/body_file.h"

namespace sslsniff {

/// --save-bodies: takes the octets of bodies as they pass. Which of them become files, and under what names,
/// is decided by BodyStage.
class BodyFolder final : public BodyStore {
  public:
    /// Makes the folder for the user alone (mode 0700) when it is missing; the one it is to be in must be
    /// there. A symbolic link is followed only when root or the user running this owns it.
    static Result<std::unique_ptr<BodyFolder>> create(const std::string& path);

    std::shared_ptr<BodyRecord> open(std::string_view content_encoding) override;

    /// The first thing that went wrong; nothing was saved since.
    Result<void> status() const;

  private:
    BodyFolder() = default;

    BodyDirectory directory_;
};

}  // namespace sslsniff
