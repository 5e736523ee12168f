#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "output/files/file_rules.h"
#include "output/files/file_service.h"
#include "output/files/private_folder.h"

namespace sslsniff {

/// Makes files for another process, which is not trusted: nothing but what was granted before that process
/// gave up its own rights. Everything is checked: numbers, names, and where they lead.
class FileKeeper final : public FileService {
  public:
    explicit FileKeeper(std::optional<FileOwner> owner) : rules_(owner) {}
    FileKeeper(const FileKeeper&) = delete;
    FileKeeper& operator=(const FileKeeper&) = delete;
    ~FileKeeper() override = default;

    // Grants, numbered from 0 as FileRules numbers them.
    void grant(OutputRow row) { rows_.push_back(std::move(row)); }
    void grant(UniqueFd folder) { folders_.emplace_back(std::move(folder), rules_); }
    /// The file is written by `user` already.
    void grant(const FileIdentity& file, const std::string& user);
    /// New files, wherever they are wanted.
    void grant_new_files() { makes_new_files_ = true; }
    bool has_grants() const { return makes_new_files_ || !rows_.empty() || !folders_.empty(); }

    Result<OpenedFile> open_file(std::uint32_t row, const std::string& name) override;
    bool has_file(std::uint32_t row, const std::string& name, const FileIdentity& identity) override;
    void release(const FileIdentity& identity) override { rules_.release(identity); }
    Result<UniqueFd> create_anew(const std::string& path) override;
    UniqueFd create(std::uint32_t folder, const std::string& name) override;
    UniqueFd append_to(std::uint32_t folder, const std::string& name) override;
    UniqueFd read(std::uint32_t folder, const std::string& name) override;
    bool rename_new(std::uint32_t folder, const std::string& from, const std::string& to) override;
    bool remove(std::uint32_t folder, const std::string& name) override;

  private:
    bool is_granted(std::uint32_t row, const std::string& name) const;
    const PrivateFolder* folder(std::uint32_t number, const std::string& name) const;

    FileRules rules_;
    std::vector<OutputRow> rows_;
    std::vector<PrivateFolder> folders_;
    bool makes_new_files_ = false;
};

}  // namespace sslsniff
