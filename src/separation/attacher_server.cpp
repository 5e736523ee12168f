#include "separation/attacher_server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <type_traits>

#include "base/process_use.h"
#include "engine/descriptors.h"
#include "separation/capabilities.h"

namespace sslsniff::separation {
namespace {

using std::chrono::milliseconds;

/// How late something is looked after that nobody asks for.
constexpr milliseconds kTick{50};
/// As often as the reader tells of losses.
constexpr milliseconds kLossInterval{250};
/// Requests that are served in a row: probes must not wait for a reader that never stops asking.
constexpr unsigned kMostInARow = 64;
/// News that wait for a reader that is busy.
constexpr std::size_t kMostWaiting = 65'536;

constexpr std::chrono::seconds kUseInterval{2};

Outcome outcome_of(const Error& error) {
    return {false, error.kind, error.message};
}

/// What a reader may have sent to the command: what ends it or is passed on.
bool is_passed_on(int signal) {
    return signal == SIGINT || signal == SIGTERM || signal == SIGQUIT;
}

}  // namespace

AttacherServer::AttacherServer(Channel channel, const CaptureOptions* options, std::optional<FileOwner> owner,
                               pid_t reader)
    : channel_(std::move(channel)), files_(owner) {
    if (options != nullptr) {
        series_.emplace(*options, reader);
    }
}

AttacherServer::~AttacherServer() {
    for (const auto& [folder, name] : to_remove_) {
        ::unlinkat(folder.get(), name.c_str(), 0);
    }
}

void AttacherServer::run() {
    while (!ended_) {
        wait();
        if (probes()) {
            probes()->probes().attend();
        }
        if (!take_requests()) {
            return;
        }
        if (probes()) {
            probes()->probes().look_after();
            tell_news();
            if (const auto now = Clock::now(); now >= next_losses_) {
                next_losses_ = now + kLossInterval;
                tell_losses();
            }
            if (const auto now = Clock::now(); now >= next_use_) {
                next_use_ = now + kUseInterval;
                const ProcessUse use = own_use();
                tell(AttacherUse{use.cpu_nanoseconds, use.resident_bytes.value_or(0)});
            }
        }
        send_waiting(false);
    }
}

void AttacherServer::wait() {
    std::vector<pollfd> watched{{channel_.descriptor(), POLLIN, 0}};
    if (probes()) {
        for (const int fd : probes()->probes().descriptors()) {
            watched.push_back({fd, POLLIN, 0});
        }
    }
    // Without probes nothing happens by itself.
    const int timeout = probes() ? static_cast<int>(kTick.count()) : -1;
    ::poll(watched.data(), static_cast<nfds_t>(watched.size()), timeout);
}

/// False when there is nobody any more who could ask.
bool AttacherServer::take_requests() {
    for (unsigned i = 0; i < kMostInARow && !ended_; ++i) {
        auto received = channel_.receive(Channel::Wait::no, ended_);
        if (!received) {
            break;
        }
        auto request = decode_request(received->bytes);
        if (!request) {
            return false;  // no reader of ours
        }
        handle(*std::move(request), std::move(received->fd));
    }
    return !ended_;
}

void AttacherServer::handle(Request request, UniqueFd fd) {
    std::visit(
        [&](auto& asked) {
            using T = std::remove_reference_t<decltype(asked)>;
            if constexpr (std::is_same_v<T, ask::GrantFolder> || std::is_same_v<T, ask::RemoveAtEnd>) {
                on(asked, std::move(fd));
            } else {
                on(asked);
            }
        },
        request);
}

void AttacherServer::tell_news() {
    for (KernelNews& news : probes()->probes().take_news()) {
        std::visit([this](auto& one) { tell(std::move(one)); }, news);
    }
    for (CapturedLibrary& library : probes()->take_libraries()) {
        tell(std::move(library));
    }
    for (std::string& remark : probes()->take_remarks()) {
        tell(Remark{std::move(remark)});
    }
}

void AttacherServer::tell_losses() {
    Bytes message = encode(Reply(News(Losses{series_->losses()})));
    if (message != last_losses_) {
        last_losses_ = message;
        waiting_.push_back(std::move(message));
    }
}

void AttacherServer::tell(News news) {
    Bytes message = encode(Reply(std::move(news)));
    // A name or a remark less does no harm; that a reader has fallen asleep must not fill our memory.
    if (message.size() <= kLongestMessage && waiting_.size() < kMostWaiting) {
        waiting_.push_back(std::move(message));
    }
}

/// False when there is still something.
bool AttacherServer::send_waiting(bool wait) {
    while (!waiting_.empty()) {
        switch (channel_.send(waiting_.front(), -1, wait)) {
            case Channel::Sent::full:
                return false;
            case Channel::Sent::broken:
                ended_ = true;
                return false;
            case Channel::Sent::sent:
                waiting_.pop_front();
        }
    }
    return true;
}

/// News go first: they may be what the answer depends on. The reader waits for the answer, so it makes room.
void AttacherServer::answer(Answer answer, int fd) {
    if (probes()) {
        tell_news();
    }
    if (send_waiting(true) &&
        channel_.send(encode(Reply(std::move(answer))), fd, true) != Channel::Sent::sent) {
        ended_ = true;
    }
}

void AttacherServer::on(const ask::Start& request) {
    if (sealed_ || !series_ || probes()) {
        return answer(Started{{false, ErrorKind::permission, "the capture has begun"}});
    }
    if (request.command) {
        if (auto pidfd = open_pidfd(*request.command)) {
            command_ = *std::move(pidfd);
        }
    }
    const Result<void> started = series_->start(request.command);
    answer_start(started, series_->ring_fd());
}

void AttacherServer::answer_start(const Result<void>& result, int ring_fd) {
    if (!result) {
        return answer(Started{outcome_of(result.error())});
    }
    const RecordSource records = probes()->records();
    answer(Started{{}, records.ring_bytes, records.has_cleartext, records.has_ciphertext}, ring_fd);
}

void AttacherServer::on(ask::GrantRow& request) {
    if (!sealed_) {
        files_.grant(std::move(request.row));
    }
}

void AttacherServer::on(const ask::GrantFolder& /*request*/, UniqueFd fd) {
    if (!sealed_) {
        files_.grant(std::move(fd));
    }
}

void AttacherServer::on(const ask::GrantClaim& request) {
    if (!sealed_) {
        files_.grant(request.file, request.user);
    }
}

void AttacherServer::on(const ask::GrantNewFiles& /*request*/) {
    if (!sealed_) {
        files_.grant_new_files();
    }
}

void AttacherServer::on(ask::RemoveAtEnd& request, UniqueFd fd) {
    if (!sealed_ && fd && request.name.find('/') == std::string::npos) {
        to_remove_.emplace_back(std::move(fd), std::move(request.name));
    }
}

void AttacherServer::on(const ask::Seal& /*request*/) {
    sealed_ = true;
    answer(Outcome::of(keep_capabilities({.probes = probes() != nullptr,
                                          .sys_admin = probes() && series_->need_sys_admin(),
                                          .files = files_.has_grants(),
                                          .signals = static_cast<bool>(command_)})));
}

void AttacherServer::on(const ask::CatchUp& /*request*/) {
    answer(Truth{true});
}

void AttacherServer::on(const ask::AttachWanted& request) {
    if (probes()) {
        probes()->probes().attach_wanted(request.record);
    }
}

void AttacherServer::on(const ask::TakeEnds& request) {
    answer(
        KernelEnds{probes() ? probes()->probes().take_ends(request.id, request.generation) : std::nullopt});
}

void AttacherServer::on(const ask::HasConnection& request) {
    answer(Truth{probes() && probes()->probes().has_connection(request.id, request.generation)});
}

void AttacherServer::on(const ask::MarkBound& request) {
    if (probes()) {
        probes()->probes().mark_bound(request.generation, request.socket_cookie);
    }
}

void AttacherServer::on(const ask::ReleaseSocket& request) {
    if (probes()) {
        probes()->probes().release_socket(request.socket_cookie);
    }
}

void AttacherServer::on(const ask::LeaveSocket& request) {
    if (probes()) {
        probes()->probes().leave_socket(request.socket_cookie);
    }
}

void AttacherServer::on(ask::DescribeProcess& request) {
    if (probes()) {
        probes()->probes().describe_process(request.process);
    }
    answer(std::move(request.process));
}

void AttacherServer::on(const ask::ShowsSocketsByPayload& request) {
    answer(Truth{probes() && probes()->probes().shows_sockets_by_payload(request.pid)});
}

void AttacherServer::on(const ask::DescribeUncovered& request) {
    answer(probes() ? probes()->probes().describe_uncovered(request.pid) : UncoveredTls{{}, kUnknownLibrary});
}

void AttacherServer::on(const ask::Running& /*request*/) {
    Names names;
    if (probes()) {
        names.names = probes()->running();
    }
    // No more than one message has room for; people see fewer.
    std::size_t size = 0;
    const auto end = std::ranges::find_if(names.names, [&size](const std::string& name) {
        size += name.size() + sizeof(std::uint32_t);
        return size > kLongestMessage / 2;
    });
    names.names.erase(end, names.names.end());
    answer(std::move(names));
}

void AttacherServer::on(const ask::Stop& /*request*/) {
    Outcome outcome;
    if (probes()) {
        outcome = Outcome::of(series_->stop());
        tell_losses();
    }
    answer(std::move(outcome));
}

void AttacherServer::on(const ask::Restart& /*request*/) {
    if (!probes() || !probes()->probes().has_stopped()) {
        return answer(Started{{false, ErrorKind::permission, "the capture was not stopped"}});
    }
    answer_start(series_->restart(), -1);
}

void AttacherServer::on(const ask::CountMaps& /*request*/) {
    answer(Maps{probes() ? probes()->probes().map_use() : std::vector<MapUse>()});
}

void AttacherServer::on(const ask::SignalCommand& request) {
    if (command_ && is_passed_on(request.signal)) {
        ::syscall(SYS_pidfd_send_signal, command_.get(), request.signal, nullptr, 0);
    }
}

void AttacherServer::on(const ask::OpenFile& request) {
    auto opened = files_.open_file(request.row, request.name);
    if (!opened) {
        return answer(File{outcome_of(opened.error()), {}});
    }
    answer(File{{}, std::move(opened->identity)}, opened->fd.get());
}

void AttacherServer::on(const ask::HasFile& request) {
    answer(Truth{files_.has_file(request.row, request.name, request.identity)});
}

void AttacherServer::on(const ask::ReleaseFile& request) {
    files_.release(request.identity);
}

void AttacherServer::on(const ask::CreateAnew& request) {
    auto created = files_.create_anew(request.path);
    if (!created) {
        return answer(File{outcome_of(created.error()), {}});
    }
    answer(File{}, created->get());
}

void AttacherServer::on(const ask::InFolder& request) {
    UniqueFd fd;
    bool done = false;
    switch (request.what) {
        case ask::InFolder::What::create:
            fd = files_.create(request.folder, request.name);
            break;
        case ask::InFolder::What::append_to:
            fd = files_.append_to(request.folder, request.name);
            break;
        case ask::InFolder::What::read:
            fd = files_.read(request.folder, request.name);
            break;
        case ask::InFolder::What::remove:
            done = files_.remove(request.folder, request.name);
            break;
        default:
            errno = EINVAL;
    }
    const int error = fd || done ? 0 : errno;
    answer(FolderFile{error}, fd.get());
}

void AttacherServer::on(const ask::RenameInFolder& request) {
    const bool done = files_.rename_new(request.folder, request.from, request.to);
    answer(FolderFile{done ? 0 : errno});
}

}  // namespace sslsniff::separation
