#pragma once

#include "engine/live_session.h"
#include "engine/notices.h"

namespace sslsniff {

/// The session's events; what becomes known about the capture meanwhile is told to the user: libraries that
/// were loaded later, and remarks.
class AnnouncedSource final : public EventSource {
  public:
    /// Borrows both.
    AnnouncedSource(LiveSession& session, Notices& notices) : session_(session), notices_(notices) {}

    /// Says what is captured now.
    void announce_start();
    /// Says what was not said before.
    void announce_news();

    Result<PollStatus> poll(EventConsumer& consumer) override;
    int poll_fd() const override { return session_.source().poll_fd(); }
    std::optional<BufferUse> buffer_use() const override { return session_.source().buffer_use(); }
    std::optional<AttacherUse> attacher_use() const override { return session_.source().attacher_use(); }
    std::vector<MapUse> map_use() override { return session_.source().map_use(); }
    /// Say so.
    Result<void> pause(EventConsumer& consumer) override;
    Result<void> resume() override;

  private:
    void say_remarks();

    LiveSession& session_;
    Notices& notices_;
};

}  // namespace sslsniff
