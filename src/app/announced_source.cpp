#include "app/announced_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

namespace sslsniff {

namespace {

std::string with_place(const CapturedLibrary& library) {
    return fmt::format("{} ({})", library.name, library.place);
}

}  // namespace

void AnnouncedSource::say_remarks() {
    for (const auto& remark : session_.take_remarks()) {
        notices_.say(remark);
    }
}

/// Of a host with many of them, `sslsniff list` says where they are.
void AnnouncedSource::announce_start() {
    constexpr std::size_t kFew = 2;
    const auto libraries = session_.take_libraries();
    std::vector<std::string> names;
    std::ranges::transform(libraries, std::back_inserter(names), [&](const CapturedLibrary& library) {
        return libraries.size() > kFew ? library.name : with_place(library);
    });
    notices_.say(names.empty() ? "capturing; no TLS library is loaded yet"
                               : fmt::format("capturing {}", fmt::join(names, ", ")));
    say_remarks();
}

void AnnouncedSource::announce_news() {
    for (const auto& library : session_.take_libraries()) {
        notices_.say("now also capturing " + with_place(library));
    }
    say_remarks();
}

Result<void> AnnouncedSource::pause(EventConsumer& consumer) {
    auto paused = session_.source().pause(consumer);
    notices_.say(paused ? "stopped: nothing is captured until sslsniff stats start" : paused.error().message);
    return paused;
}

Result<void> AnnouncedSource::resume() {
    auto resumed = session_.source().resume();
    if (resumed) {
        notices_.say("capturing again");
        announce_news();
    }
    return resumed;
}

Result<PollStatus> AnnouncedSource::poll(EventConsumer& consumer) {
    const auto status = session_.source().poll(consumer);
    announce_news();
    return status;
}

}  // namespace sslsniff
