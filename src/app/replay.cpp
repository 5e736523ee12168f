#include "app/replay.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "app/conclusion.h"
#include "app/reading_progress.h"
#include "engine/pipeline.h"
#include "engine/recording.h"
#include "engine/run_loop.h"
#include "engine/signals.h"
#include "engine/supervisor.h"
#include "separation/reader_user.h"
#include "separation/separation.h"

namespace sslsniff {
namespace {

Result<Recording> open_input(const Options& options, Patience& patience) {
    const Signals::Interruptible interruptible;  // it may wait for a writer
    return open_recording(options.read_path, patience);
}

/// Another process has to, when this one cannot any more. What comes from a pipe may take days, and SIGHUP
/// asks for new files.
bool makes_files_meanwhile(const Options& options) {
    return options.creates_files_later() || options.read_path == "-";
}

}  // namespace

Result<int> replay(const Options& options, Messages& messages) {
    auto signals = Signals::take();
    if (!signals) {
        return std::unexpected(signals.error());
    }
    Supervisor supervisor(messages, &*signals);
    const auto user = find_reader_user(options.reader_user);
    if (!user) {
        return std::unexpected(user.error());
    }
    std::unique_ptr<separation::AttacherLink> files;
    if (makes_files_meanwhile(options)) {
        auto started = separation::start_attacher(nullptr, sudo_caller());
        if (!started) {
            return std::unexpected(started.error());
        }
        files = *std::move(started);
    }
    auto recording = open_input(options, supervisor);
    if (!recording) {
        return std::unexpected(recording.error());
    }
    PipelineOptions piped = options.pipeline;
    piped.threads = options.threads;
    auto created = Pipeline::create(piped, supervisor);
    if (!created) {
        return std::unexpected(created.error());
    }
    Pipeline& pipeline = **created;
    pipeline.protect(recording->status, "the input");
    auto opened = pipeline.check();
    if (opened) {
        opened = pipeline.open();
    }
    if (!opened) {
        return std::unexpected(opened.error());
    }
    // What is not open by now does not need to be; and what is read was written by strangers.
    if (auto given = separation::give_up_privileges(files.get(), pipeline.files(),
                                                    options.has_output(kTopFormat), *user);
        !given) {
        return std::unexpected(given.error());
    }
    pipeline.start_threads();  // behind the sandbox, which they inherit
    pipeline.set_source(*recording->source);
    StopConditions conditions;
    conditions.duration = options.duration;
    supervisor.start(std::move(conditions));
    std::optional<ReadingProgress> progress;
    if (ReadingProgress::is_of_use(options, recording->status)) {
        progress.emplace(*recording->source, std::move(recording->file),
                         static_cast<std::uint64_t>(recording->status.st_size), messages);
    }
    EventSource& source = progress ? *progress : *recording->source;
    const auto reason = run_loop(source, pipeline, supervisor, messages);
    progress.reset();
    // An unreadable rest does not make what was read before it worthless.
    const bool concluded = conclude(pipeline, !reason, messages);
    for (const std::string& remark : recording->source->remarks()) {
        messages.say(remark);
    }
    if (!reason) {
        return std::unexpected(reason.error());
    }
    return concluded ? 0 : kFailure;
}

}  // namespace sslsniff
