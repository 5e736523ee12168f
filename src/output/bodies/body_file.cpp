#include "output/bodies/body_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "base/text.h"

namespace sslsniff {
namespace {

constexpr std::size_t kBuffer = std::size_t{64} << 10U;
constexpr std::size_t kMaxDecoders = 128;
constexpr std::uint32_t kMaxNames = 10'000;
constexpr int kCreate = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
constexpr mode_t kMode = S_IRUSR | S_IWUSR;
/// A stream of zeros, as good coders shrink it, gets through; a bomb does not fill the disk.
constexpr DecodeLimits kLimits = {.max_output = std::uint64_t{1} << 40U, .max_ratio = 2048};

bool write_all(int fd, ByteView octets) {
    while (!octets.empty()) {
        const ssize_t written = ::write(fd, octets.data(), octets.size());
        if (written > 0) {
            octets.remove_prefix(static_cast<std::size_t>(written));
        } else if (written == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

/// False with errno when `to` exists or anything else is wrong.
bool rename_new(int folder, const std::string& from, const std::string& to) {
    if (::renameat2(folder, from.c_str(), folder, to.c_str(), RENAME_NOREPLACE) == 0) {
        return true;
    }
    // Not every file system can do that.
    return errno == EINVAL && ::linkat(folder, from.c_str(), folder, to.c_str(), 0) == 0 &&
           ::unlinkat(folder, from.c_str(), 0) == 0;
}

}  // namespace

BodyFile::~BodyFile() {
    drop_decoder();
    if (!part_.empty()) {
        ::unlinkat(directory_.fd.get(), part_.c_str(), 0);
    }
}

void BodyFile::write(ByteView octets) {
    if (missing_ || ended_ || !directory_.error.empty()) {
        return;  // behind a hole nothing is kept
    }
    if (!decoder_) {
        start_decoder();
    }
    decoder_->feed(octets, [this](ByteView plain) {
        size_ += plain.size();
        buffer_.append(plain);
        if (buffer_.size() >= kBuffer) {
            flush();
        }
    });
}

void BodyFile::start_decoder() {
    decoder_ = std::make_unique<BodyDecoder>(content_encoding_, kLimits);
    if (decoder_->state() == BodyDecoder::State::plain) {
        return;
    }
    if (directory_.decoders == kMaxDecoders) {
        decoder_ = std::make_unique<BodyDecoder>("");
        is_left_coded_ = true;
        return;
    }
    ++directory_.decoders;
    counts_ = true;
}

void BodyFile::drop_decoder() {
    state_ = decoder_ ? decoder_->state() : state_;
    decoder_.reset();
    directory_.decoders -= std::exchange(counts_, false) ? 1 : 0;
}

void BodyFile::end() {
    ended_ = true;
    drop_decoder();
}

void BodyFile::flush() {
    const UniqueFd fd = open_part();
    if (fd && !write_all(fd.get(), buffer_)) {
        fail_with("write to");
    }
    written_ += buffer_.size();
    buffer_.clear();
}

/// None when it cannot be opened, or is not the file that was made.
UniqueFd BodyFile::open_part() {
    if (!directory_.error.empty()) {
        return {};
    }
    const bool is_new = part_.empty();
    const int flags = is_new ? kCreate : O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC;
    UniqueFd fd;
    do {
        if (is_new) {
            part_ = fmt::format(".sslsniff-{}-{}.part", ::getpid(), ++directory_.parts);
        }
        fd = UniqueFd(::openat(directory_.fd.get(), part_.c_str(), flags, kMode));
    } while (!fd && is_new && errno == EEXIST);  // left by a crash
    struct stat now{};
    if (!fd || ::fstat(fd.get(), &now) != 0) {
        fail_with(is_new ? "create a file in" : "go on with a file in");
        if (is_new) {
            part_.clear();  // whatever is there is not ours
        }
        return {};
    }
    if (is_new) {
        identity_ = now;
    } else if (now.st_ino != identity_.st_ino || now.st_dev != identity_.st_dev ||
               static_cast<std::uint64_t>(now.st_size) != written_) {
        directory_.error = fmt::format("somebody replaces files in {}", printable(directory_.path));
        part_.clear();
        return {};
    }
    return fd;
}

std::string_view BodyFile::undone() const {
    using State = BodyDecoder::State;
    const State state = decoder_ ? decoder_->state() : state_;
    if (missing_ || !ended_ ||
        (state != State::plain && state != State::decoded && state != State::unsupported)) {
        return ".incomplete";
    }
    return state == State::unsupported || is_left_coded_ ? ".coded" : "";
}

void BodyFile::keep(const std::function<std::string(std::uint32_t)>& names) {
    if (!name_.empty()) {
        return;
    }
    if (!part_.empty()) {
        flush();
    }
    for (std::uint32_t i = 1; directory_.error.empty() && i <= kMaxNames; ++i) {
        std::string name = names(i);
        UniqueFd fd;
        bool done = false;
        if (part_.empty()) {
            fd = UniqueFd(::openat(directory_.fd.get(), name.c_str(), kCreate, kMode));
            done = static_cast<bool>(fd);
        } else {
            done = rename_new(directory_.fd.get(), part_, name);
        }
        if (done) {
            part_.clear();
            if (fd && !write_all(fd.get(), buffer_)) {
                fail_with("write to");
            }
            buffer_ = {};
            name_ = std::move(name);
            return;
        }
        if (errno != EEXIST) {
            fail_with("create a file in");
        }
    }
}

void BodyFile::fail_with(const char* what) {
    if (directory_.error.empty()) {
        directory_.error = fmt::format("cannot {} {}: {}", what, printable(directory_.path),
                                       std::generic_category().message(errno));
    }
}

}  // namespace sslsniff
