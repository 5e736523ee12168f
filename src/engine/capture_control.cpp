#include "engine/capture_control.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "base/process_use.h"
#include "model/wall_clock.h"

namespace sslsniff {
CaptureControl::CaptureControl(std::unique_ptr<ControlSocket> socket, Capture capture)
    : socket_(std::move(socket)), capture_(std::move(capture)), started_(wall_clock()) {}

CaptureStatus CaptureControl::status() {
    CaptureStatus status;
    status.pid = ::getpid();
    status.command_line = capture_.command_line;
    status.started = started_;
    status.now = wall_clock();
    status.capturing = capturing_;
    if (utsname system{}; ::uname(&system) == 0) {
        status.kernel = static_cast<const char*>(system.release);
    }
    capture_.pipeline.describe(status);
    status.buffer = capture_.source.buffer_use();
    status.own = own_use();
    status.attacher = capture_.source.attacher_use();
    if (capturing_) {
        status.maps = capture_.source.map_use();
        status.libraries = capture_.session.libraries();
        status.processes = capture_.session.running();
    }
    return status;
}

Result<void> CaptureControl::stop() {
    auto stopped = capture_.source.pause(capture_.pipeline.consumer());
    capturing_ = false;
    return stopped;
}

Result<void> CaptureControl::start() {
    auto started = capture_.source.resume();
    capturing_ = capturing_ || started;
    return started;
}

}  // namespace sslsniff
