#include "output/files/output_file.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/system_error.h"
#include "base/text.h"
#include "output/files/claimed_file.h"

namespace sslsniff {
namespace {

/// How often a FIFO is tried that nobody reads yet: the kernel tells of readers in no other way.
constexpr std::chrono::milliseconds kFifoInterval{50};

}  // namespace

OutputFile::OutputFile(Options options, FileRules& rules, Patience* patience)
    : options_(std::move(options)),
      rules_(rules),
      patience_(patience),
      row_(options_.path, options_.rotation) {}

OutputFile::~OutputFile() {
    if (claim_) {
        rules_.release(*claim_);
    }
}

Result<void> OutputFile::check(Timestamp now) {
    if (is_stdout()) {
        struct stat status{};
        if (::fstat(STDOUT_FILENO, &status) != 0 || !S_ISREG(status.st_mode)) {
            return {};
        }
        claim_ = FileRules::identity(status);
        auto claimed = rules_.claim(*claim_, options_.user);
        return claimed ? claimed : std::unexpected(refuse_to_write("standard output", claimed.error()));
    }
    const std::string name = row_.file_name(now);
    const auto file = PrivateFile::find(name, rules_);
    if (!file) {
        return std::unexpected(file.error());
    }
    if (!file->is_regular()) {
        return await_reader(name);
    }
    if (options_.append) {
        if (auto checked = file->check_append(); !checked) {
            return checked;
        }
    }
    is_regular_ = true;
    // The claim lasts until open() knows better: the next output may go by another name to the same place.
    claim_ = file->identity();
    if (auto claimed = rules_.claim(*claim_, options_.user); !claimed) {
        claim_.reset();
        return std::unexpected(refuse_to_write(name, claimed.error()));
    }
    return {};
}

Result<void> OutputFile::await_reader(const std::string& name) {
    while (true) {
        const auto file = PrivateFile::find(name, rules_);
        auto fd = file ? file->open(rules_) : std::unexpected(file.error());
        if (!fd) {
            return std::unexpected(fd.error());
        }
        if (*fd) {
            special_ = *std::move(fd);
            return {};
        }
        if (patience_ != nullptr && !patience_->pause(kFifoInterval)) {
            return fail(
                ErrorKind::output,
                fmt::format("nobody opened the FIFO {} for reading: nothing was written", printable(name)));
        }
        if (patience_ == nullptr) {
            ::usleep(static_cast<useconds_t>(std::chrono::microseconds(kFifoInterval).count()));
        }
    }
}

Result<void> OutputFile::open(Timestamp now) {
    if (is_stdout()) {
        stream_ = std::make_unique<FdOutputStream>(STDOUT_FILENO, "standard output", patience_);
    } else if (special_) {
        stream_ = std::make_unique<FdOutputStream>(std::move(special_), options_.path, patience_);
    } else {
        std::string name = row_.file_name(now);
        if (claim_) {
            rules_.release(*std::exchange(claim_, std::nullopt));
        }
        auto file = open_named(name);
        if (!file) {
            return std::unexpected(file.error());
        }
        change_to(*std::move(file), std::move(name));
        row_number_ = rules_.grant(as_row());
    }
    stream_->write(std::exchange(before_open_, {}));
    return {};
}

Result<OpenedFile> OutputFile::open_named(const std::string& name) {
    if (FileService* service = rules_.service()) {
        return service->open_file(row_number_, name);
    }
    return open_claimed(as_row(), name, rules_);
}

bool OutputFile::has_its_name() const {
    if (FileService* service = rules_.service()) {
        return service->has_file(row_number_, name_, *claim_);
    }
    return is_still_there(name_, *claim_, rules_);
}

void OutputFile::change_to(OpenedFile file, std::string name) {
    if (claim_ && claim_ != file.identity) {
        rules_.release(*claim_);
    }
    claim_ = std::move(file.identity);
    name_ = std::move(name);
    struct stat status{};
    size_ = ::fstat(file.fd.get(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
    stream_ = std::make_unique<FdOutputStream>(std::move(file.fd), name_, patience_);
}

void OutputFile::write(ByteView bytes) {
    if (error_) {
        return;
    }
    size_ += bytes.size();
    written_ += bytes.size();
    if (stream_) {
        stream_->write(bytes);
    } else {
        before_open_.append(bytes);
    }
}

Result<void> OutputFile::flush() {
    if (error_) {
        return std::unexpected(*error_);
    }
    return stream_ ? stream_->flush() : Result<void>();
}

bool OutputFile::advance_to(Timestamp now) {
    if (has_failed() || row_.is_finished()) {
        return false;
    }
    if (is_regular_ && row_.is_due(now, size_)) {
        if (auto begun = begin_next(now); !begun) {
            error_ = begun.error();
        }
    }
    return !has_failed() && !row_.is_finished();
}

Result<void> OutputFile::begin_next(Timestamp now) {
    if (format_ != nullptr) {
        format_->end_file();
    }
    if (auto flushed = stream_->flush(); !flushed || !row_.advance(now)) {
        return flushed;
    }
    std::string name = row_.file_name(now);
    auto file = open_named(name);
    if (!file) {
        return std::unexpected(file.error());
    }
    change_to(*std::move(file), std::move(name));
    if (format_ != nullptr) {
        format_->begin_file();
    }
    return {};
}

Result<void> OutputFile::reopen() {
    if (!can_reopen() || has_failed() || row_.is_finished()) {
        return {};
    }
    if (claim_ && has_its_name()) {
        return {};  // opening it anew would only empty it
    }
    std::string name = name_;
    auto file = open_named(name);
    if (!file) {
        return fail(ErrorKind::output, fmt::format("{}; continuing in the old file", file.error().message));
    }
    if (format_ != nullptr) {
        format_->end_file();
    }
    if (auto flushed = stream_->flush(); !flushed) {
        return flushed;
    }
    change_to(*std::move(file), std::move(name));
    if (format_ != nullptr) {
        format_->begin_file();
    }
    return {};
}

bool OutputFile::is_terminal() const {
    return is_stdout() && ::isatty(STDOUT_FILENO) == 1;
}

std::size_t OutputFile::terminal_columns() const {
    winsize size{};
    return is_stdout() && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace sslsniff
