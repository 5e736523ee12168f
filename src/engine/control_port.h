#pragma once

#include <vector>

namespace sslsniff {

/// Where others may come and ask while a capture runs.
class ControlPort {
  public:
    ControlPort() = default;
    ControlPort(const ControlPort&) = delete;
    ControlPort& operator=(const ControlPort&) = delete;
    virtual ~ControlPort() = default;

    /// Readable when serve() has work.
    virtual std::vector<int> descriptors() const = 0;
    /// Answers whoever has asked; never waits for them. Between events.
    virtual void serve() = 0;
};

}  // namespace sslsniff
