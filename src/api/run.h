#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "api/api_output.h"
#include "api/waiting.h"
#include "app/announced_source.h"
#include "app/options.h"
#include "base/result.h"
#include "engine/live_session.h"
#include "engine/notices.h"
#include "engine/pipeline.h"
#include "engine/recording.h"

namespace sslsniff::api {

/// One capture from its beginning to its end.
class Run {
  public:
    /// Begins it. Borrows `waiting` and `notices`; `options` names no output to standard output and no
    /// command.
    static Result<std::unique_ptr<Run>> start(const Options& options, std::unique_ptr<ApiOutput> output,
                                              Waiting& waiting, Notices& notices);

    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    /// Detaches; what was not told is dropped.
    ~Run();

    /// Waits for work, at most so long, and does it. True: the capture has ended, and everything was told.
    /// After an error it has, too.
    Result<bool> poll(std::chrono::milliseconds timeout);
    /// Ends it: tells what is left. Outputs whose readers take nothing get half a second.
    Result<void> stop();

    /// Ends it without a word: detaches.
    void abandon();

    bool has_ended() const { return ended_; }
    bool is_live() const { return is_live_; }
    ApiOutput& output() { return *output_; }
    const Pipeline& pipeline() const { return *pipeline_; }
    std::optional<BufferUse> buffer_use() const;
    std::uint64_t max_memory() const { return max_memory_; }

  private:
    enum class Turn : std::uint8_t { goes_on, is_over };

    Run(const Options& options, ApiOutput& output, Waiting& waiting, Notices& notices)
        : max_memory_(options.pipeline.settings.max_memory),
          is_live_(options.live()),
          output_(&output),
          waiting_(waiting),
          notices_(notices) {}
    Result<void> open(const Options& options);
    EventSource& source() const;
    Result<Turn> work();
    void flush();
    Result<void> end(std::optional<Error> failure);
    Result<void> conclusion(std::optional<Error> failure);
    void release_source();

    std::uint64_t max_memory_;
    bool is_live_;
    ApiOutput* output_;  ///< the pipeline's
    Waiting& waiting_;
    Notices& notices_;
    std::unique_ptr<Pipeline> pipeline_;
    Recording recording_;  ///< one of both has a source until the end
    std::unique_ptr<LiveSession> live_;
    std::optional<AnnouncedSource> announced_;
    std::chrono::steady_clock::time_point last_flush_;
    bool ended_ = false;
};

}  // namespace sslsniff::api
