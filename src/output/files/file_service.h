#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "output/files/file_identity.h"

namespace sslsniff {

struct OpenedFile {
    UniqueFd fd;
    FileIdentity identity;
};

/// Makes the files of outputs for a process that may not make any itself. What it makes is limited to what
/// was granted while that process still could: further files of a row (FileRow), and files in a folder, both
/// by the number of the grant.
class FileService {
  public:
    FileService() = default;
    FileService(const FileService&) = delete;
    FileService& operator=(const FileService&) = delete;
    virtual ~FileService() = default;

    /// As open_claimed().
    virtual Result<OpenedFile> open_file(std::uint32_t row, const std::string& name) = 0;
    /// As is_still_there().
    virtual bool has_file(std::uint32_t row, const std::string& name, const FileIdentity& identity) = 0;
    /// The file is written no more.
    virtual void release(const FileIdentity& identity) = 0;
    /// A file that did not exist, wherever the user of a terminal wants it.
    virtual Result<UniqueFd> create_anew(const std::string& path) = 0;

    // As of PrivateFolder, errno included.
    virtual UniqueFd create(std::uint32_t folder, const std::string& name) = 0;
    virtual UniqueFd append_to(std::uint32_t folder, const std::string& name) = 0;
    virtual UniqueFd read(std::uint32_t folder, const std::string& name) = 0;
    virtual bool rename_new(std::uint32_t folder, const std::string& from, const std::string& to) = 0;
    virtual bool remove(std::uint32_t folder, const std::string& name) = 0;
};

}  // namespace sslsniff
