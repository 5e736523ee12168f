#pragma once

#include <sys/stat.h>

#include <chrono>
#include <optional>

#include "app/messages.h"
#include "app/options.h"
#include "base/unique_fd.h"
#include "capture/event_source.h"

namespace sslsniff {

/// The events of a recording; meanwhile one line on standard error says how far it was read, how fast, and
/// how long the rest will take. It appears after a second and goes away at the end.
class ReadingProgress final : public EventSource {
  public:
    using Clock = std::chrono::steady_clock;

    /// Borrows `source`, which reads the file of `size` bytes that `file` has open, at the same offset, and
    /// `messages`.
    ReadingProgress(EventSource& source, UniqueFd file, std::uint64_t size, Messages& messages);
    ~ReadingProgress() override;

    /// Whether somebody would see it, and nothing else comes between: standard error is a terminal, the input
    /// a file with an end, and no output goes where lines of text are read.
    static bool is_of_use(const Options& options, const struct stat& input);

    Result<PollStatus> poll(EventConsumer& consumer) override;
    int poll_fd() const override { return source_.poll_fd(); }
    Origin origin() const override { return source_.origin(); }

  private:
    void show(Clock::time_point now);
    void clear();

    EventSource& source_;
    UniqueFd file_;
    std::uint64_t size_;
    Messages& messages_;
    Clock::time_point began_ = Clock::now();
    Clock::time_point due_;
    bool is_shown_ = false;
};

/// "reading: 43 %, 120M/s, 12 s left", of `done` bytes among `size` in `elapsed`, both more than nothing.
std::string progress_text(std::uint64_t done, std::uint64_t size, std::chrono::duration<double> elapsed);

}  // namespace sslsniff
