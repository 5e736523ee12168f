#include "app/announced_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sslsniff {

void AnnouncedSource::say_remarks() {
    for (const auto& remark : session_.take_remarks()) {
        messages_.say(remark);
    }
}

void AnnouncedSource::announce_start() {
    const auto libraries = session_.take_libraries();
    messages_.say(libraries.empty() ? "capturing; no TLS library is loaded yet"
                                    : fmt::format("capturing {}", fmt::join(libraries, ", ")));
    say_remarks();
}

void AnnouncedSource::announce_news() {
    for (const auto& library : session_.take_libraries()) {
        messages_.say(fmt::format("now also capturing {}", library));
    }
    say_remarks();
}

Result<PollStatus> AnnouncedSource::poll(EventConsumer& consumer) {
    const auto status = session_.source().poll(consumer);
    announce_news();
    return status;
}

}  // namespace sslsniff
