#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"
#include "body/body_decoder.h"
#include "model/body.h"
#include "output/files/private_folder.h"

namespace sslsniff {

/// One folder that files are made in, and what went wrong there first.
struct BodyDirectory {
    explicit BodyDirectory(PrivateFolder where) : folder(std::move(where)) {}

    PrivateFolder folder;
    std::uint64_t parts = 0;
    std::size_t decoders = 0;  ///< in use; each may need 16 MiB
    std::string error;         ///< empty while all is well; nothing is written once it is not

    std::uint64_t quota = UINT64_MAX;  ///< bytes on disk for all files of this run
    std::uint64_t used = 0;            ///< of these, by files that are there
    bool full = false;                 ///< a file did not fit: no more are written
    std::uint64_t unsaved = 0;         ///< bodies that were shown and not saved because of that

    /// Repetitions of names that are taken: a peer may have thousands of bodies in one microsecond.
    std::map<std::string, std::uint32_t> repetitions;

    /// Room for a file that grows from `from` to `to` bytes, as disks have it: in blocks of 4 KiB. False when
    /// there is none.
    bool reserve(std::uint64_t from, std::uint64_t to);
    void give_back(std::uint64_t size);
    void note_repetition(std::string first, std::uint32_t repetition);
};

/// One body on its way into a file, without its content codings. Up to 64 KiB are in memory; what is more
/// goes into a file ".sslsniff-PID-N.part" of `directory`, opened for each piece only: thousands of bodies
/// may be on their way at once. Gone with this object unless it was kept.
class BodyFile final : public BodyRecord {
  public:
    BodyFile(BodyDirectory& directory, std::string content_encoding)
        : directory_(directory), content_encoding_(std::move(content_encoding)) {}
    ~BodyFile() override;

    void write(ByteView bytes) override;
    void miss() override { missing_ = true; }
    void end() override;
    const std::string& name() const override { return name_; }
    std::size_t held() const override;
    void spill() override;

    bool is_empty() const { return size_ == 0 && !refused_; }
    /// "" when all of it is here, decoded; else ".incomplete", or ".coded": in a coding nobody knows, or too
    /// many were being decoded.
    std::string_view undone() const;
    /// Gives it a name of `names(1)`, `names(2)` ... that is free.
    void keep(const std::function<std::string(std::uint32_t)>& names);

  private:
    void start_decoder();
    void drop_decoder();
    void flush();
    void refuse();
    void remove_part();
    UniqueFd open_part();
    bool take(const std::string& name);
    void fail_with(const char* what);

    BodyDirectory& directory_;
    std::string content_encoding_;
    std::unique_ptr<BodyDecoder> decoder_;  ///< from the first byte to the end
    BodyDecoder::State state_ = BodyDecoder::State::plain;
    Bytes buffer_;
    std::uint64_t size_ = 0;      ///< decoded
    bool counts_ = false;         ///< the decoder is one of those that are counted
    bool is_left_coded_ = false;  ///< too many were
    bool missing_ = false;
    bool ended_ = false;
    bool refused_ = false;       ///< the folder is full
    std::string part_;           ///< its name while it is on its way; empty: all is in the buffer
    std::uint64_t written_ = 0;  ///< bytes in that file
    struct stat identity_{};
    std::string name_;
};

}  // namespace sslsniff
