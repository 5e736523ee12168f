#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "output/pcapng/output_sequence.h"

namespace sslsniff {

/// -C, -W and -G, with tcpdump's meaning.
struct RotationOptions {
    std::uint64_t max_size = 0;   ///< octets after which the next file begins (-C, in millions); 0: any size
    std::uint32_t max_files = 0;  ///< -W; 0: any number
    Duration interval{};          ///< of event time after which the next file begins (-G); 0: never
    bool any() const { return max_size != 0 || interval != Duration::zero(); }
};

/// A row of files. With an interval the name goes through strftime (local time), with a size files after the
/// first get a number. A limit on files makes a ring when there is a size, else it is where writing ends.
class RotatingFiles final : public OutputSequence {
  public:
    /// Creates the first file; `now` is for its name.
    static Result<std::unique_ptr<RotatingFiles>> create(std::string name, RotationOptions options,
                                                         Timestamp now);

    OutputStream& stream() override { return *file_; }
    bool is_due(Timestamp now, std::uint64_t size) override;
    Result<void> next(Timestamp now) override;
    bool is_finished() const override { return finished_; }

  private:
    RotatingFiles(std::string name, RotationOptions options) : name_(std::move(name)), options_(options) {}
    bool interval_is_over(Timestamp now) const {
        return options_.interval != Duration::zero() && interval_start_ &&
               now - *interval_start_ >= options_.interval;
    }
    Result<void> open(Timestamp now);
    std::string file_name(Timestamp now) const;

    std::string name_;
    RotationOptions options_;
    std::unique_ptr<FdOutputStream> file_;
    std::optional<Timestamp> interval_start_;
    std::uint32_t number_ = 0;  ///< of the file within its interval
    std::uint32_t intervals_ = 1;
    bool finished_ = false;
};

}  // namespace sslsniff
