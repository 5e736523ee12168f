#include "output/bodies/body_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/give_back.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"

namespace sslsniff {
namespace {

constexpr std::size_t kBuffer = std::size_t{64} << 10U;
constexpr std::size_t kMaxDecoders = 128;
constexpr std::uint32_t kMaxNames = 1'000'000;
constexpr std::size_t kMaxRepetitions = 1024;  // names remembered
/// A stream of zeros, as good coders shrink it, gets through; a bomb does not fill the disk.
constexpr DecodeLimits kLimits = {
    .max_output = std::uint64_t{1} << 40U, .max_ratio = 2048, .grace = std::uint64_t{128} << 10U};

std::uint64_t on_disk(std::uint64_t size) {
    constexpr std::uint64_t kBlock = 4096;
    return (size + kBlock - 1) / kBlock * kBlock;
}

bool write_all(int fd, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
        } else if (written == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

}  // namespace

bool BodyDirectory::reserve(std::uint64_t from, std::uint64_t to) {
    const std::uint64_t more = on_disk(to) - on_disk(from);
    full = full || more > quota - used;
    used += full ? 0 : more;
    return !full;
}

void BodyDirectory::give_back(std::uint64_t size) {
    used -= on_disk(size);
}

void BodyDirectory::note_repetition(std::string first, std::uint32_t repetition) {
    if (repetitions.size() >= kMaxRepetitions) {
        repetitions.clear();  // those of long ago are not needed any more
    }
    repetitions[std::move(first)] = repetition;
}

BodyFile::~BodyFile() {
    drop_decoder();
    remove_part();
}

void BodyFile::remove_part() {
    if (!part_.empty()) {
        directory_.folder.remove(part_);
        directory_.give_back(written_);
        part_.clear();
    }
}

/// It does not fit: what there is of it goes, too, rather than stay cut.
void BodyFile::refuse() {
    refused_ = true;
    remove_part();
    give_back(buffer_);
}

void BodyFile::write(ByteView bytes) {
    if (missing_ || ended_ || refused_ || !directory_.error.empty()) {
        return;  // behind a hole nothing is kept
    }
    if (directory_.full) {
        refuse();
        return;
    }
    if (!decoder_) {
        start_decoder();
    }
    decoder_->feed(bytes, [this](ByteView plain) {
        if (refused_) {
            return;
        }
        size_ += plain.size();
        buffer_.append(plain);
        if (buffer_.size() >= kBuffer) {
            flush();
        }
    });
    if (refused_) {
        drop_decoder();
    }
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

std::size_t BodyFile::held() const {
    return allocated(sizeof(*this)) + heap_bytes(buffer_) + heap_bytes(content_encoding_) +
           (decoder_ ? allocated(sizeof(*decoder_)) + decoder_->held() : 0);
}

void BodyFile::spill() {
    constexpr std::size_t kWorthwhile = 4096;  // a file costs as much
    if (buffer_.size() > kWorthwhile || !part_.empty()) {
        flush();
        give_back(buffer_);
    }
}

void BodyFile::flush() {
    if (!directory_.reserve(written_, written_ + buffer_.size())) {
        refuse();
        return;
    }
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
    UniqueFd fd;
    do {
        if (is_new) {
            part_ = fmt::format(".sslsniff-{}-{}.part", ::getpid(), ++directory_.parts);
        }
        fd = is_new ? directory_.folder.create(part_) : directory_.folder.append_to(part_);
    } while (!fd && is_new && errno == EEXIST);  // left by a crash
    struct stat now{};
    if (!fd || ::fstat(fd.get(), &now) != 0) {
        fail_with(is_new ? "create a file in" : "continue a file in");
        if (is_new) {
            part_.clear();  // whatever is there is not ours
        }
        return {};
    }
    if (is_new) {
        identity_ = now;
    } else if (now.st_ino != identity_.st_ino || now.st_dev != identity_.st_dev ||
               static_cast<std::uint64_t>(now.st_size) != written_) {
        directory_.error =
            fmt::format("somebody is replacing files in {}", printable(directory_.folder.path()));
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
    } else if (!refused_ && !directory_.reserve(0, size_)) {
        refuse();
    }
    if (refused_) {
        ++directory_.unsaved;
        return;
    }
    std::string first = names(1);
    const auto known = directory_.repetitions.find(first);
    std::uint32_t i = known == directory_.repetitions.end() ? 1 : known->second + 1;
    while (directory_.error.empty() && !take(i == 1 ? first : names(i))) {
        if (errno != EEXIST || ++i > kMaxNames) {
            fail_with("create a file in");
        }
    }
    if (i > 1) {
        directory_.note_repetition(std::move(first), i);
    }
}

/// False with errno when something has the name.
bool BodyFile::take(const std::string& name) {
    if (!part_.empty()) {
        if (!directory_.folder.rename_new(part_, name)) {
            return false;
        }
        part_.clear();
    } else {
        const UniqueFd fd = directory_.folder.create(name);
        if (!fd) {
            return false;
        }
        if (!write_all(fd.get(), buffer_)) {
            fail_with("write to");
        }
    }
    give_back(buffer_);
    name_ = name;
    return true;
}

void BodyFile::fail_with(const char* what) {
    if (directory_.error.empty()) {
        directory_.error =
            fmt::format("cannot {} {}: {}", what, printable(directory_.folder.path()), error_text(errno));
    }
}

}  // namespace sslsniff
