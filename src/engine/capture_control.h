#pragma once

#include <memory>
#include <string>
#include <vector>

#include "control/control_socket.h"
#include "control/controlled.h"
#include "engine/control_port.h"
#include "engine/live_session.h"
#include "engine/pipeline.h"

namespace sslsniff {

/// What the control socket of a live capture can do to it.
class CaptureControl final : public ControlPort, private Controlled {
  public:
    struct Capture {
        Pipeline& pipeline;
        LiveSession& session;
        EventSource& source;  ///< the session's, or what stands before it
        std::string command_line;
    };
    CaptureControl(std::unique_ptr<ControlSocket> socket, Capture capture);

    std::vector<int> descriptors() const override { return socket_->descriptors(); }
    void serve() override { socket_->serve(*this); }

  private:
    CaptureStatus status() override;
    Result<void> stop() override;
    Result<void> start() override;
    Result<void> set_filter(const std::string& expression) override {
        return capture_.pipeline.set_filter(expression);
    }
    Result<void> set_where(const std::string& expression) override {
        return capture_.pipeline.set_where(expression);
    }

    std::unique_ptr<ControlSocket> socket_;
    Capture capture_;
    Timestamp started_;
    bool capturing_ = true;
};

}  // namespace sslsniff
