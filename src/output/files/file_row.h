#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "model/time.h"

namespace sslsniff {

/// -C, -W and -G, with tcpdump's meaning.
struct RotationOptions {
    std::uint64_t max_size = 0;   ///< bytes after which the next file begins (-C, in millions); 0: any size
    std::uint32_t max_files = 0;  ///< -W; 0: any number
    Duration interval{};          ///< of event time after which the next file begins (-G); 0: never
    bool any() const { return max_size != 0 || interval != Duration::zero(); }
};

/// The names of a row of files and when each begins. With an interval the name goes through strftime (local
/// time), with a size files after the first get a number. A limit on files makes a ring when there is a
/// size, else it is where writing ends.
class FileRow {
  public:
    FileRow(std::string name, RotationOptions options) : name_(std::move(name)), options_(options) {}

    /// The current file holds `size` bytes and something of time `now` comes: it belongs into another one.
    bool is_due(Timestamp now, std::uint64_t size);
    /// Goes to the next file. False: as many as were wanted are full.
    bool advance(Timestamp now);
    bool is_finished() const { return finished_; }
    /// Of the current file. As tcpdump names them: the first file of unlimited ones has no number, those of a
    /// ring have leading zeros.
    std::string file_name(Timestamp now) const;
    /// Whether file_name() of a row `name` with any options could be `candidate`, at any time.
    static bool could_be_named(const std::string& name, const std::string& candidate);

  private:
    bool interval_is_over(Timestamp now) const {
        return options_.interval != Duration::zero() && interval_start_ &&
               now - *interval_start_ >= options_.interval;
    }

    std::string name_;
    RotationOptions options_;
    std::optional<Timestamp> interval_start_;
    std::uint32_t number_ = 0;  ///< of the file within its interval
    std::uint32_t intervals_ = 1;
    bool finished_ = false;
};

}  // namespace sslsniff
