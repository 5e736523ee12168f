#include "separation/attacher_link.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <cerrno>

#include "base/text.h"

namespace sslsniff::separation {
namespace {

std::string how_it_ended(pid_t process) {
    int status = 0;
    pid_t waited = 0;
    do {
        waited = ::waitpid(process, &status, 0);
    } while (waited < 0 && errno == EINTR);
    const std::string how = waited == process && WIFSIGNALED(status)
                                ? fmt::format("was killed by signal {}", WTERMSIG(status))
                                : "has ended";
    return fmt::format(
        "the process that held the probes (pid {}) {}: nothing was captured after that; all that it had "
        "captured before is written",
        process, how);
}

std::unexpected<Error> deny(const std::string& name) {
    return fail(ErrorKind::output,
                fmt::format("cannot create {}: the process that makes files has ended", printable(name)));
}

}  // namespace

AttacherLink::~AttacherLink() {
    end();
}

void AttacherLink::end() {
    if (!ended_) {
        ended_ = true;
        channel_.close();
        failure_ = how_it_ended(process_);
    }
}

bool AttacherLink::send(Request request, int fd) {
    const Bytes message = encode(std::move(request));
    if (ended_ || message.size() > kLongestMessage) {
        return false;
    }
    if (channel_.send(message, fd) != Channel::Sent::sent) {
        end();
    }
    return !ended_;
}

/// What it sends that makes no sense is as good as nothing.
std::optional<Reply> AttacherLink::next(Channel::Wait wait, UniqueFd* fd) {
    bool ended = ended_;
    auto received = ended ? std::nullopt : channel_.receive(wait, ended);
    auto reply = received ? decode_reply(received->bytes) : std::nullopt;
    if (ended || (received && !reply)) {
        end();
        return std::nullopt;
    }
    if (reply && fd != nullptr) {
        *fd = std::move(received->fd);
    }
    return reply;
}

std::optional<Answer> AttacherLink::await_answer(UniqueFd* fd) {
    while (auto reply = next(Channel::Wait::yes, fd)) {
        if (auto* answer = std::get_if<Answer>(&*reply)) {
            return std::move(*answer);
        }
        news_.push_back(std::move(std::get<News>(*reply)));
    }
    return std::nullopt;
}

void AttacherLink::receive() {
    while (auto reply = next(Channel::Wait::no, nullptr)) {
        if (auto* news = std::get_if<News>(&*reply)) {
            news_.push_back(std::move(*news));
        }
    }
}

Result<OpenedFile> AttacherLink::open_file(std::uint32_t row, const std::string& name) {
    UniqueFd fd;
    auto answer = ask(ask::OpenFile{row, name}, &fd);
    if (!answer || (answer->outcome.done && !fd)) {
        return deny(name);
    }
    if (!answer->outcome.done) {
        return std::unexpected(answer->outcome.result().error());
    }
    return OpenedFile{std::move(fd), std::move(answer->identity)};
}

bool AttacherLink::has_file(std::uint32_t row, const std::string& name, const FileIdentity& identity) {
    const auto answer = ask(ask::HasFile{row, name, identity});
    return answer && answer->value;
}

void AttacherLink::release(const FileIdentity& identity) {
    send(ask::ReleaseFile{identity});
}

Result<UniqueFd> AttacherLink::create_anew(const std::string& path) {
    UniqueFd fd;
    const auto answer = ask(ask::CreateAnew{path}, &fd);
    if (!answer || (answer->outcome.done && !fd)) {
        return deny(path);
    }
    return answer->outcome.done ? Result<UniqueFd>(std::move(fd))
                                : std::unexpected(answer->outcome.result().error());
}

UniqueFd AttacherLink::in_folder(ask::InFolder::What what, std::uint32_t folder, const std::string& name,
                                 bool& done) {
    UniqueFd fd;
    const auto answer = ask(ask::InFolder{what, folder, name}, &fd);
    done = answer && answer->error == 0;
    errno = answer ? answer->error : EPIPE;
    return fd;
}

UniqueFd AttacherLink::create(std::uint32_t folder, const std::string& name) {
    bool done = false;
    return in_folder(ask::InFolder::What::create, folder, name, done);
}

UniqueFd AttacherLink::append_to(std::uint32_t folder, const std::string& name) {
    bool done = false;
    return in_folder(ask::InFolder::What::append_to, folder, name, done);
}

UniqueFd AttacherLink::read(std::uint32_t folder, const std::string& name) {
    bool done = false;
    return in_folder(ask::InFolder::What::read, folder, name, done);
}

bool AttacherLink::remove(std::uint32_t folder, const std::string& name) {
    bool done = false;
    in_folder(ask::InFolder::What::remove, folder, name, done);
    return done;
}

bool AttacherLink::rename_new(std::uint32_t folder, const std::string& from, const std::string& to) {
    const auto answer = ask(ask::RenameInFolder{folder, from, to});
    errno = answer ? answer->error : EPIPE;
    return answer && answer->error == 0;
}

}  // namespace sslsniff::separation
