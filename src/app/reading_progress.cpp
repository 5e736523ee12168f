#include "app/reading_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace sslsniff {
namespace {

using namespace std::chrono_literals;

constexpr auto kFirst = 1s;
constexpr auto kInterval = 500ms;

bool is_regular_file(int fd) {
    struct stat status{};
    return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

std::string progress_text(std::uint64_t done, std::uint64_t size, std::chrono::duration<double> elapsed) {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(size));
    const double rate = static_cast<double>(done) / elapsed.count();
    const double left = static_cast<double>(size - std::min(size, done)) / rate;
    return fmt::format("reading: {:.0f} %, {}/s, {:.0f} s left", share * 100,
                       human_size(static_cast<std::uint64_t>(rate)), left);
}

ReadingProgress::ReadingProgress(EventSource& source, UniqueFd file, std::uint64_t size, Messages& messages)
    : source_(source), file_(std::move(file)), size_(size), messages_(messages), due_(began_ + kFirst) {}

ReadingProgress::~ReadingProgress() {
    clear();
}

bool ReadingProgress::is_of_use(const Options& options, const struct stat& input) {
    const bool is_read =
        !options.quiet && std::ranges::any_of(options.pipeline.outputs, [](const auto& output) {
            return output.to_stdout() && output.format != kBodiesFormat;
        });
    return S_ISREG(input.st_mode) && input.st_size > 0 && ::isatty(STDERR_FILENO) == 1 &&
           (!is_read || is_regular_file(STDOUT_FILENO));
}

Result<PollStatus> ReadingProgress::poll(EventConsumer& consumer) {
    auto status = source_.poll(consumer);
    if (!status || *status == PollStatus::ended) {
        clear();
    } else if (const auto now = Clock::now(); now >= due_) {
        show(now);
    }
    return status;
}

void ReadingProgress::show(Clock::time_point now) {
    due_ = now + kInterval;
    const off_t at = ::lseek(file_.get(), 0, SEEK_CUR);
    if (at > 0) {
        messages_.tell(fmt::format("\rsslsniff: {}\x1b[K",
                                   progress_text(static_cast<std::uint64_t>(at), size_, now - began_)));
        is_shown_ = true;
    }
}

void ReadingProgress::clear() {
    if (std::exchange(is_shown_, false)) {
        messages_.tell("\r\x1b[K");
    }
}

}  // namespace sslsniff
