#include "app/announced_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/messages.h"

namespace sslsniff {
namespace {

void say_remarks(LiveSession& session) {
    for (const auto& remark : session.take_remarks()) {
        say(remark);
    }
}

}  // namespace

void AnnouncedSource::announce_start() {
    const auto libraries = session_.take_libraries();
    say(libraries.empty() ? "capturing; no TLS library is loaded yet"
                          : fmt::format("capturing {}", fmt::join(libraries, ", ")));
    say_remarks(session_);
}

void AnnouncedSource::announce_news() {
    for (const auto& library : session_.take_libraries()) {
        say(fmt::format("now also capturing {}", library));
    }
    say_remarks(session_);
}

Result<PollStatus> AnnouncedSource::poll(std::chrono::milliseconds timeout, EventConsumer& consumer) {
    const auto status = session_.source().poll(timeout, consumer);
    announce_news();
    return status;
}

}  // namespace sslsniff
