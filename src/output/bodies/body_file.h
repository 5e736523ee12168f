#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "body/body_decoder.h"
#include "model/body.h"

namespace sslsniff {

/// One folder that files are made in, and what went wrong there first.
struct BodyDirectory {
    UniqueFd fd;
    std::string path;  ///< for messages
    std::uint64_t parts = 0;
    std::size_t decoders = 0;  ///< in use; each may need 16 MiB
    std::string error;         ///< empty while all is well; nothing is written once it is not
};

/// One body on its way into a file, without its content codings. Up to 64 KiB are in memory; what is more
/// goes into a file ".sslsniff-PID-N.part" of `directory`, opened for each piece only: thousands of bodies
/// may be on their way at once. Gone with this object unless it was kept.
class BodyFile final : public BodyRecord {
  public:
    BodyFile(BodyDirectory& directory, std::string content_encoding)
        : directory_(directory), content_encoding_(std::move(content_encoding)) {}
    ~BodyFile() override;

    void write(ByteView octets) override;
    void miss() override { missing_ = true; }
    void end() override;
    const std::string& name() const override { return name_; }

    bool is_empty() const { return size_ == 0; }
    /// "" when all of it is here, decoded; else ".incomplete", or ".coded": in a coding nobody knows, or too
    /// many were being decoded.
    std::string_view undone() const;
    /// Gives it the first name of `names(1)`, `names(2)` ... that is free.
    void keep(const std::function<std::string(std::uint32_t)>& names);

  private:
    void start_decoder();
    void drop_decoder();
    void flush();
    UniqueFd open_part();
    void fail_with(const char* what);

    BodyDirectory& directory_;
    std::string content_encoding_;
    std::unique_ptr<BodyDecoder> decoder_;  ///< from the first octet to the end
    BodyDecoder::State state_ = BodyDecoder::State::plain;
    Bytes buffer_;
    std::uint64_t size_ = 0;      ///< decoded
    bool counts_ = false;         ///< the decoder is one of those that are counted
    bool is_left_coded_ = false;  ///< too many were
    bool missing_ = false;
    bool ended_ = false;
    std::string part_;           ///< its name while it is on its way; empty: all is in the buffer
    std::uint64_t written_ = 0;  ///< octets in that file
    struct stat identity_{};
    std::string name_;
};

}  // namespace sslsniff
