#pragma once

#include <chrono>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/api_output.h"
#include "api/callbacks.h"
#include "api/run.h"
#include "api/sslsniff.h"
#include "api/waiting.h"
#include "base/result.h"

namespace sslsniff::api {

using Counted = std::vector<sslsniff_count>;

/// What stands behind a sslsniff_capture. Its functions do what those of the same names in sslsniff.h say,
/// and may throw.
class Capture final : private Notices {
  public:
    static Result<std::unique_ptr<Capture>> create();

    /// False: not while it runs.
    bool may_change() const { return !run_ || run_->has_ended(); }
    Callbacks& callbacks() { return callbacks_; }
    Result<void> set(const std::string& option, const std::optional<std::string>& value);

    Result<void> start();
    /// has_started() only.
    Result<bool> poll(std::chrono::milliseconds timeout);
    Result<void> stop();
    int state() const;
    bool has_started() const { return run_ != nullptr; }
    /// Whether a callback has thrown, which ends the capture. Says so once.
    bool take_thrown();

    Waiting& waiting() { return *waiting_; }
    const Waiting& waiting() const { return *waiting_; }
    const std::string* json() { return run_ ? run_->output().json() : nullptr; }

    sslsniff_statistics statistics() const;
    const Counted& losses();
    const Counted& protocols();

  private:
    Capture() = default;
    void say(std::string_view sentence) override;
    bool has_thrown() const { return notice_has_thrown_ || (run_ && run_->output().has_thrown()); }
    template <class Outcome, class Work>
    Outcome unless_it_breaks(Work work);

    std::unique_ptr<Waiting> waiting_;
    std::vector<std::string> words_;  ///< as of the command line
    Callbacks callbacks_;
    ApiOutput::Numbers numbers_;
    std::unique_ptr<Run> run_;  ///< the last one; null: none was started
    bool notice_has_thrown_ = false;
    bool told_thrown_ = false;
    Counted counted_;  ///< what the caller was given last
};

}  // namespace sslsniff::api
