#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "output/files/private_folder.h"

namespace sslsniff {

enum class SpoolKind : std::uint8_t { traces, metrics };

/// A request in a folder. Its name says all of it: "00000000000000000042.traces.512".
struct SpoolFile {
    std::uint64_t number = 0;  ///< in the order in which they came
    SpoolKind kind = SpoolKind::traces;
    std::uint64_t items = 0;
    std::uint64_t size = 0;  ///< bytes
    std::string name() const;
};

/// Nothing when it is no such name.
std::optional<SpoolFile> parse_spool_name(std::string_view name);

/// Keeps requests in a folder of their own, for their owner alone, until they were taken: what is in it when
/// sslsniff ends, in whatever way, is there for the next one. A file is written under another name and then
/// renamed, so that none is half there after a kill; whether the disk has it when the machine loses power is
/// up to the kernel. One sslsniff has a folder at a time.
class Spool {
  public:
    Spool(std::string path, std::uint64_t most, FileRules& rules)
        : folder_(std::move(path), "spool in", rules), most_(most) {}

    Result<void> check() const { return folder_.check(); }
    /// Makes the folder when it is missing, and finds what is in it.
    Result<void> open();

    /// What was there at open(), oldest first.
    std::vector<SpoolFile> take_found() { return std::exchange(found_, {}); }
    const std::string& path() const { return folder_.path(); }

    /// Whether so many bytes more are within the bound.
    bool has_room(std::uint64_t size) const { return size <= most_ && used_ <= most_ - size; }
    /// An error names the reason, "No space left on device".
    Result<SpoolFile> write(SpoolKind kind, std::uint64_t items, ByteView body);
    /// Nothing when it cannot be read, or is not what was written: it ends too early.
    std::optional<Bytes> read(const SpoolFile& file) const;
    void remove(const SpoolFile& file);

  private:
    PrivateFolder folder_;
    std::uint64_t most_;
    std::uint64_t used_ = 0;
    std::uint64_t next_ = 1;
    std::vector<SpoolFile> found_;
};

}  // namespace sslsniff
