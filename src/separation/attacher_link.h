#pragma once

#include <sys/types.h>

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "output/files/file_service.h"
#include "separation/channel.h"
#include "separation/messages.h"

namespace sslsniff::separation {

/// The reader's end of the line to the process that keeps the privileges. When that has gone, requests have
/// no answer, and failure() says why. Not thread-safe.
class AttacherLink final : public FileService {
  public:
    /// `process` is a child of this one.
    AttacherLink(Channel channel, pid_t process) : channel_(std::move(channel)), process_(process) {}
    AttacherLink(const AttacherLink&) = delete;
    AttacherLink& operator=(const AttacherLink&) = delete;
    /// Lets it end, and waits for that.
    ~AttacherLink() override;

    /// Readable when receive() has something.
    int descriptor() const { return channel_.descriptor(); }

    /// Asks, and waits for the answer; `fd` goes with the question, `answer_fd` comes with the answer.
    /// Nothing when there is nobody to answer.
    template <class Question>
    std::optional<typename Question::Answer> ask(Question question, UniqueFd* answer_fd = nullptr) {
        if (!send(std::move(question))) {
            return std::nullopt;
        }
        auto answer = await_answer(answer_fd);
        auto* found = answer ? std::get_if<typename Question::Answer>(&*answer) : nullptr;
        return found != nullptr ? std::optional(std::move(*found)) : std::nullopt;
    }
    /// A request that is not answered. False when nobody will hear it.
    bool send(Request request, int fd = -1);

    /// Takes the news that are there.
    void receive();
    std::vector<News> take_news() { return std::exchange(news_, {}); }

    bool has_ended() const { return ended_; }
    /// Once it has ended.
    Error failure() const { return {failure_}; }

    Result<OpenedFile> open_file(std::uint32_t row, const std::string& name) override;
    bool has_file(std::uint32_t row, const std::string& name, const FileIdentity& identity) override;
    void release(const FileIdentity& identity) override;
    Result<UniqueFd> create_anew(const std::string& path) override;
    UniqueFd create(std::uint32_t folder, const std::string& name) override;
    UniqueFd append_to(std::uint32_t folder, const std::string& name) override;
    UniqueFd read(std::uint32_t folder, const std::string& name) override;
    bool rename_new(std::uint32_t folder, const std::string& from, const std::string& to) override;
    bool remove(std::uint32_t folder, const std::string& name) override;

  private:
    std::optional<Answer> await_answer(UniqueFd* fd);
    std::optional<Reply> next(Channel::Wait wait, UniqueFd* fd);
    void end();
    UniqueFd in_folder(ask::InFolder::What what, std::uint32_t folder, const std::string& name, bool& done);

    Channel channel_;
    pid_t process_;
    std::vector<News> news_;
    bool ended_ = false;
    std::string failure_;
};

}  // namespace sslsniff::separation
