#pragma once

#include "app/messages.h"
#include "engine/live_session.h"

namespace sslsniff {

/// The session's events; what becomes known about the capture meanwhile is told to the user: libraries that
/// were loaded later, and remarks.
class AnnouncedSource final : public EventSource {
  public:
    /// Borrows both.
    AnnouncedSource(LiveSession& session, Messages& messages) : session_(session), messages_(messages) {}

    /// Says what is captured now.
    void announce_start();
    /// Says what was not said before.
    void announce_news();

    Result<PollStatus> poll(EventConsumer& consumer) override;
    int poll_fd() const override { return session_.source().poll_fd(); }
    std::optional<BufferUse> buffer_use() const override { return session_.source().buffer_use(); }

  private:
    void say_remarks();

    LiveSession& session_;
    Messages& messages_;
};

}  // namespace sslsniff
