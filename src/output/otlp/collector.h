#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "output/otlp/answer.h"

namespace sslsniff {

/// What takes requests, one at a time, and never makes anybody wait: a collector behind HTTP.
class Collector {
  public:
    Collector() = default;
    Collector(const Collector&) = delete;
    Collector& operator=(const Collector&) = delete;
    virtual ~Collector() = default;

    /// Begins a request; there is none. `path`: "/v1/traces"; `body`: a message, in gzip's form.
    virtual void post(std::string_view path, Bytes body) = 0;
    /// Goes on with it as far as that is possible now. The answer ends it.
    virtual std::optional<Answer> poll() = 0;
    /// Waits until poll() may have something to do, but at most for `time`.
    virtual void wait(std::chrono::milliseconds time) = 0;
};

}  // namespace sslsniff
