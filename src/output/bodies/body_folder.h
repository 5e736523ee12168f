#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "model/body.h"
#include "output/bodies/body_file.h"
#include "output/files/file_rules.h"

namespace sslsniff {

/// --save-bodies: takes the bytes of bodies as they pass. Which of them become files, and under what names,
/// is decided by BodiesOutput.
class BodyFolder final : public BodyStore {
  public:
    /// `quota`: bytes on disk that all files together may have, in blocks of 4 KiB.
    /// `rules` as of PrivateFolder.
    BodyFolder(std::string path, FileRules& rules, std::uint64_t quota = UINT64_MAX);

    // As of PrivateFolder. Nothing is saved before open().
    Result<void> check() const { return directory_.folder.check(); }
    Result<void> open() { return directory_.folder.open(); }

    std::shared_ptr<BodyRecord> open(std::string_view content_encoding) override;

    /// The first thing that went wrong; nothing was saved since.
    Result<void> status() const;
    /// The quota is used up: no more bodies are saved.
    bool is_full() const { return directory_.full; }
    /// Bodies of shown transactions that were not saved because of that.
    std::uint64_t unsaved() const { return directory_.unsaved; }

  private:
    BodyDirectory directory_;
};

}  // namespace sslsniff
