#include "separation/remote_session.h"

#ifdef SSLSNIFF_LIVE_CAPTURE

#include <set>
#include <string>
#include <type_traits>
#include <utility>

#include "capture/live/live_source.h"
#include "engine/descriptors.h"

namespace sslsniff::separation {
namespace {

/// Outputs, the ring and the line to the other process.
constexpr std::uint64_t kLeastDescriptors = 64;

/// But for the ring.
RecordSource records_of(const Started& started, const CaptureOptions& options) {
    return {.ring_fd = -1,
            .ring_bytes = started.ring_bytes,
            .show_tls = options.tls,
            .show_cleartext = options.cleartext,
            .has_cleartext = started.has_cleartext,
            .has_ciphertext = started.has_ciphertext};
}

/// The probes of the other process.
class RemoteProbes final : public Probes {
  public:
    RemoteProbes(AttacherLink& link, const CaptureOptions& options) : link_(link), options_(options) {}

    std::vector<std::string> libraries() const { return {names_.begin(), names_.end()}; }
    std::vector<CapturedLibrary> take_libraries() {
        sort_news();
        return std::exchange(libraries_, {});
    }
    std::vector<std::string> take_remarks() {
        sort_news();
        return std::exchange(remarks_, {});
    }

    std::vector<int> descriptors() const override { return {link_.descriptor()}; }
    void attend() override { link_.receive(); }
    void look_after() override {}
    bool has_stopped() const override { return stopped_ || link_.has_ended(); }
    std::optional<AttacherUse> use() const override { return use_; }
    std::optional<Error> failure() const override {
        return link_.has_ended() ? std::optional(link_.failure()) : std::nullopt;
    }
    Result<void> stop() override {
        if (has_stopped()) {
            return {};
        }
        auto answer = link_.ask(ask::Stop());
        if (!answer) {
            return std::unexpected(link_.failure());
        }
        stopped_ = true;
        return answer->result();
    }

    std::vector<MapUse> map_use() override {
        auto answer = link_.ask(ask::CountMaps());
        return answer ? std::move(answer->maps) : std::vector<MapUse>();
    }
    Result<RecordSource> restart() override {
        auto started = link_.ask(ask::Restart());
        if (!started) {
            return std::unexpected(link_.failure());
        }
        if (!started->outcome.done) {
            return std::unexpected(started->outcome.result().error());
        }
        stopped_ = false;
        names_.clear();
        return records_of(*started, options_);
    }

    std::vector<KernelNews> take_news() override {
        link_.receive();
        sort_news();
        return std::exchange(news_, {});
    }
    void catch_up() override { link_.ask(ask::CatchUp()); }
    void attach_wanted(ByteView record) override { link_.send(ask::AttachWanted{std::string(record)}); }
    std::vector<KernelLoss> losses() override {
        sort_news();
        return losses_;
    }
    std::optional<StreamEnds> take_ends(const ConnectionId& id, std::uint64_t generation) override {
        const auto answer = link_.ask(ask::TakeEnds{id, generation});
        return answer ? answer->ends : std::nullopt;
    }
    bool has_connection(const ConnectionId& id, std::uint64_t generation) override {
        const auto answer = link_.ask(ask::HasConnection{id, generation});
        return answer && answer->value;
    }
    void mark_bound(std::uint64_t generation, std::uint64_t socket_cookie) override {
        link_.send(ask::MarkBound{generation, socket_cookie});
    }
    void release_socket(std::uint64_t socket_cookie) override {
        link_.send(ask::ReleaseSocket{socket_cookie});
    }
    void leave_socket(std::uint64_t socket_cookie) override { link_.send(ask::LeaveSocket{socket_cookie}); }
    void describe_process(ProcessInfo& process) override {
        if (auto answer = link_.ask(ask::DescribeProcess{process})) {
            process = *std::move(answer);
        }
    }
    bool shows_sockets_by_payload(std::uint32_t pid) override {
        const auto answer = link_.ask(ask::ShowsSocketsByPayload{pid});
        return answer && answer->value;
    }
    UncoveredTls describe_uncovered(std::uint32_t pid) override {
        auto answer = link_.ask(ask::DescribeUncovered{pid});
        return answer ? *std::move(answer) : KernelSide::describe_uncovered(pid);
    }

  private:
    void sort_news() {
        for (News& news : link_.take_news()) {
            std::visit([this](auto& one) { take(std::move(one)); }, news);
        }
    }
    void take(LibraryNamed news) { news_.emplace_back(std::move(news)); }
    void take(SocketProbesAttached news) { news_.emplace_back(news); }
    void take(Losses news) { losses_ = std::move(news.losses); }
    void take(AttacherUse news) { use_ = news; }
    void take(CapturedLibrary news) {
        names_.insert(news.name);
        libraries_.push_back(std::move(news));
    }
    void take(Remark news) { remarks_.push_back(std::move(news.text)); }

    AttacherLink& link_;
    const CaptureOptions& options_;
    bool stopped_ = false;
    std::vector<KernelNews> news_;
    std::vector<KernelLoss> losses_;
    std::optional<AttacherUse> use_;
    std::vector<CapturedLibrary> libraries_;
    std::set<std::string> names_;  ///< of libraries, as long as they are captured
    std::vector<std::string> remarks_;
};

class RemoteSession final : public LiveSession {
  public:
    RemoteSession(UniqueFd ring, std::unique_ptr<LiveSource> source, RemoteProbes& probes, AttacherLink& link)
        : ring_(std::move(ring)), source_(std::move(source)), probes_(probes), link_(link) {}

    EventSource& source() override { return *source_; }
    std::vector<std::string> libraries() override { return probes_.libraries(); }
    std::vector<std::string> running() override {
        auto answer = link_.ask(ask::Running());
        return answer ? std::move(answer->names) : std::vector<std::string>();
    }
    Result<void> stop() override { return source_->stop(); }
    std::vector<CapturedLibrary> take_libraries() override { return probes_.take_libraries(); }
    std::vector<std::string> take_remarks() override { return probes_.take_remarks(); }

  private:
    UniqueFd ring_;  ///< read by the source
    std::unique_ptr<LiveSource> source_;
    RemoteProbes& probes_;  ///< the source's
    AttacherLink& link_;
};

}  // namespace

Result<std::unique_ptr<LiveSession>> open_remote_session(AttacherLink& link, const CaptureOptions& options,
                                                         std::optional<pid_t> command) {
    if (auto raised = raise_descriptor_limit(kLeastDescriptors); !raised) {
        return std::unexpected(raised.error());
    }
    UniqueFd ring;
    const auto started = link.ask(ask::Start{command}, &ring);
    if (!started) {
        return std::unexpected(link.failure());
    }
    if (!started->outcome.done) {
        return std::unexpected(started->outcome.result().error());
    }
    auto probes = std::make_unique<RemoteProbes>(link, options);
    RemoteProbes& borrowed = *probes;
    RecordSource records = records_of(*started, options);
    records.ring_fd = ring.get();
    auto source = LiveSource::open(std::move(probes), records);
    if (!source) {
        return std::unexpected(source.error());
    }
    return std::make_unique<RemoteSession>(std::move(ring), *std::move(source), borrowed, link);
}

}  // namespace sslsniff::separation

#else

namespace sslsniff::separation {

Result<std::unique_ptr<LiveSession>> open_remote_session(AttacherLink& /*link*/,
                                                         const CaptureOptions& options,
                                                         std::optional<pid_t> command) {
    return LiveSession::open(options, command);  // says that there is none
}

}  // namespace sslsniff::separation

#endif
