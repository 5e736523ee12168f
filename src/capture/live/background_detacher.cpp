#include "capture/live/background_detacher.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sslsniff {

void BackgroundDetacher::detach(std::vector<ProbeLinks> links) {
    if (links.empty()) {
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        std::ranges::move(links, std::back_inserter(waiting_));
    }
    if (!thread_.joinable()) {
        thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    }
    wanted_.notify_one();
}

bool BackgroundDetacher::is_done() {
    const std::lock_guard lock(mutex_);
    return waiting_.empty() && !detaching_;
}

void BackgroundDetacher::run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (wanted_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
        std::vector<ProbeLinks> links = std::exchange(waiting_, {});
        detaching_ = true;
        lock.unlock();
        detach_probes(std::move(links));
        lock.lock();
        detaching_ = false;
    }
}

}  // namespace sslsniff
