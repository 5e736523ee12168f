#include "output/otlp/spool.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/number.h"
#include "base/system_error.h"
#include "base/text.h"
#include "model/names.h"

namespace sslsniff {
namespace {

constexpr Names<SpoolKind, 2> kKinds{{{SpoolKind::traces, "traces"}, {SpoolKind::metrics, "metrics"}}};
constexpr std::string_view kUnfinished = "unfinished";

bool write_all(int fd, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
    return true;
}

}  // namespace

std::string SpoolFile::name() const {
    return fmt::format("{:020}.{}.{}", number, name_of(kKinds, kind), items);
}

std::optional<SpoolFile> parse_spool_name(std::string_view name) {
    const std::size_t first = name.find('.');
    const std::size_t second = first == std::string_view::npos ? first : name.find('.', first + 1);
    if (second == std::string_view::npos) {
        return std::nullopt;
    }
    const auto number = parse_number<std::uint64_t>(name.substr(0, first));
    const auto kind = value_of(kKinds, name.substr(first + 1, second - first - 1));
    const auto items = parse_number<std::uint64_t>(name.substr(second + 1));
    if (!number || !kind || !items) {
        return std::nullopt;
    }
    SpoolFile file{*number, *kind, *items, 0};
    return file.name() == name ? std::optional(file) : std::nullopt;
}

Result<void> Spool::open() {
    if (auto opened = folder_.open(); !opened) {
        return opened;
    }
    if (!folder_.lock()) {
        return fail(ErrorKind::output, fmt::format("another sslsniff spools in {}: give each its own folder",
                                                   printable(folder_.path())));
    }
    folder_.remove(std::string(kUnfinished));
    for (const std::string& name : folder_.names()) {
        auto file = parse_spool_name(name);
        struct stat status{};
        const UniqueFd fd = file ? folder_.read(name) : UniqueFd();
        if (fd && ::fstat(fd.get(), &status) == 0) {
            file->size = static_cast<std::uint64_t>(status.st_size);
            used_ += file->size;
            found_.push_back(*file);
        }
    }
    std::ranges::sort(found_, {}, &SpoolFile::number);
    next_ = found_.empty() ? 1 : found_.back().number + 1;
    return {};
}

Result<SpoolFile> Spool::write(SpoolKind kind, std::uint64_t items, ByteView body) {
    const std::string unfinished(kUnfinished);
    const SpoolFile file{next_, kind, items, body.size()};
    const UniqueFd fd = folder_.create(unfinished);
    if (!fd || !write_all(fd.get(), body) || !folder_.rename_new(unfinished, file.name())) {
        const int reason = errno;
        folder_.remove(unfinished);
        return fail(ErrorKind::output, error_text(reason));
    }
    ++next_;
    used_ += file.size;
    return file;
}

std::optional<Bytes> Spool::read(const SpoolFile& file) const {
    const UniqueFd fd = folder_.read(file.name());
    if (!fd) {
        return std::nullopt;
    }
    constexpr std::size_t kMost = std::size_t{64} << 20U;  // ours have some 2 MiB at most
    Bytes body;
    std::array<char, 64UL * 1024> part;
    while (body.size() <= kMost) {
        const ssize_t got = ::read(fd.get(), part.data(), part.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got == 0 && body.size() == file.size && !body.empty() ? std::optional(std::move(body))
                                                                         : std::nullopt;
        }
        body.append(part.data(), static_cast<std::size_t>(got));
    }
    return std::nullopt;
}

void Spool::remove(const SpoolFile& file) {
    folder_.remove(file.name());
    used_ -= std::min(used_, file.size);
}

}  // namespace sslsniff
