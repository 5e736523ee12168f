#pragma once

#include <sys/types.h>

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "engine/capture_options.h"
#include "output/files/file_keeper.h"
#include "separation/channel.h"
#include "separation/messages.h"
#include "separation/probe_series.h"

namespace sslsniff::separation {

/// The process that keeps the privileges. It attaches, and makes files, for the reader, which it trusts until
/// that has sealed itself; from then on it does what was agreed on before. It reads no traffic.
class AttacherServer {
  public:
    /// `options` null: it only makes files. `reader` is the process at the other end.
    AttacherServer(Channel channel, const CaptureOptions* options, std::optional<FileOwner> owner,
                   pid_t reader);
    AttacherServer(const AttacherServer&) = delete;
    AttacherServer& operator=(const AttacherServer&) = delete;
    ~AttacherServer();

    /// Serves until the reader has gone.
    void run();

  private:
    using Clock = std::chrono::steady_clock;

    void wait();
    bool take_requests();
    void handle(Request request, UniqueFd fd);
    void tell_news();
    void tell_losses();
    /// Null before the capture begins.
    HeldProbes* probes() const { return series_ ? series_->current() : nullptr; }
    /// The descriptor of the ring goes along unless it is -1.
    void answer_start(const Result<void>& result, int ring_fd);
    void tell(News news);
    bool send_waiting(bool wait);
    void answer(Answer answer, int fd = -1);

    // One for each request.
    void on(const ask::Start& request);
    void on(ask::GrantRow& request);
    void on(const ask::GrantFolder& request, UniqueFd fd);
    void on(const ask::GrantClaim& request);
    void on(const ask::GrantNewFiles& request);
    void on(ask::RemoveAtEnd& request, UniqueFd fd);
    void on(const ask::Seal& request);
    void on(const ask::CatchUp& request);
    void on(const ask::AttachWanted& request);
    void on(const ask::TakeEnds& request);
    void on(const ask::HasConnection& request);
    void on(const ask::MarkBound& request);
    void on(const ask::ReleaseSocket& request);
    void on(const ask::LeaveSocket& request);
    void on(ask::DescribeProcess& request);
    void on(const ask::ShowsSocketsByPayload& request);
    void on(const ask::DescribeUncovered& request);
    void on(const ask::Running& request);
    void on(const ask::Stop& request);
    void on(const ask::Restart& request);
    void on(const ask::CountMaps& request);
    void on(const ask::SignalCommand& request);
    void on(const ask::OpenFile& request);
    void on(const ask::HasFile& request);
    void on(const ask::ReleaseFile& request);
    void on(const ask::CreateAnew& request);
    void on(const ask::InFolder& request);
    void on(const ask::RenameInFolder& request);

    Channel channel_;
    FileKeeper files_;
    std::optional<ProbeSeries> series_;                        ///< none when it only makes files
    UniqueFd command_;                                         ///< pidfd
    std::vector<std::pair<UniqueFd, std::string>> to_remove_;  ///< folders, and names in them
    bool sealed_ = false;
    bool ended_ = false;
    Clock::time_point next_losses_;
    Clock::time_point next_use_;
    Bytes last_losses_;
    std::deque<Bytes> waiting_;  ///< news that the reader has no room for yet
};

}  // namespace sslsniff::separation
