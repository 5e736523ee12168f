#include "engine/pipeline.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/text.h"
#include "engine/messages.h"
#include "engine/output_formats.h"
#include "output/text/summary_text.h"
#include "protocols/protocol.h"
#include "schema/descriptor_set.h"

namespace sslsniff {
namespace {

StreamLimits limits_of(const PipelineOptions& options, BodyStore* bodies, const MessageSchema* schema) {
    StreamLimits limits;
    limits.max_memory = options.settings.max_memory;
    limits.parser.max_body = options.max_body;
    limits.parser.show_secrets = options.show_secrets;
    limits.parser.bodies = bodies;
    limits.parser.schema = schema;
    limits.decode_as = options.decode_as;
    return limits;
}

/// Null without --where. The expression was checked with the other options.
std::unique_ptr<WhereStage> make_where(const PipelineOptions& options, TransactionSink& next) {
    auto filter = WhereFilter::parse(options.where, FieldTable(protocol_fields()));
    return options.where.empty() || !filter
               ? nullptr
               : std::make_unique<WhereStage>(*std::move(filter), next, options.settings.connections);
}

/// The same for the pcap-filter expression.
std::unique_ptr<ConnectionGate> make_gate(const PipelineOptions& options, EventConsumer& next) {
    auto filter = EndpointFilter::compile(options.expression);
    const ConnectionGate::Limits limits{.max_connections = options.settings.max_memory / 2048,
                                        .max_waiting = options.settings.max_memory / 16};
    return options.expression.empty() || !filter
               ? nullptr
               : std::make_unique<ConnectionGate>(*std::move(filter), next, limits);
}

Timestamp now() {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

}  // namespace

void Pipeline::EventFanOut::on_event(const CaptureEvent& event) {
    for (auto* consumer : consumers_) {
        consumer->on_event(event);
    }
}

Result<std::unique_ptr<Pipeline>> Pipeline::create(const PipelineOptions& options, Patience& patience) {
    Services services;
    if (!options.save_bodies.empty()) {
        services.bodies =
            std::make_unique<BodyFolder>(options.save_bodies, options.settings.max_saved, sudo_caller());
    }
    if (!options.proto.empty()) {
        auto schema = read_descriptor_set(options.proto);
        if (!schema) {
            return fail("--proto: " + schema.error().message);
        }
        services.schema = *std::move(schema);
    }
    std::unique_ptr<Pipeline> pipeline(new Pipeline(options, std::move(services)));
    struct stat status{};
    if (!options.proto.empty() && ::stat(options.proto.c_str(), &status) == 0) {
        pipeline->protect(status, "the file of --proto");
    }
    for (const auto& spec : options.outputs) {
        pipeline->add(spec, options, patience);
    }
    pipeline->events_.add(pipeline->connections_);
    return pipeline;
}

Pipeline::Pipeline(const PipelineOptions& options, Services services)
    : services_(std::move(services)),
      limit_(services_.bodies ? static_cast<TransactionSink&>(body_stage_) : undecoded_tls_, options.count,
             options.settings.connections),
      where_(make_where(options, limit_)),
      naming_(names_, where_ ? static_cast<TransactionSink&>(*where_) : limit_),
      dns_(naming_),
      connections_(dns_, limits_of(options, services_.bodies.get(), services_.schema.get()),
                   options.names ? &names_ : nullptr),
      gate_(make_gate(options, events_)) {}

void Pipeline::add(const OutputSpec& spec, const PipelineOptions& options, Patience& patience) {
    const OutputFormat& format = *find_output_format(spec.format);
    auto file = std::make_unique<OutputFile>(
        OutputFile::Options{spec.path, fmt::format("the output {}", printable(spec.text())),
                            options.rotation},
        rules_, &patience);
    auto& output = *outputs_.emplace_back(format.make(std::move(file), options, [this] { return origin(); }));
    if (auto* sink = output.transactions()) {
        sinks_.add(*sink);
    }
    if (auto* consumer = output.events()) {
        events_.add(*consumer);
    }
}

void Pipeline::protect(const struct stat& status, const std::string& what) {
    if (S_ISREG(status.st_mode)) {
        static_cast<void>(rules_.claim(FileRules::identity(status), what));  // inputs may be the same
    }
}

Result<void> Pipeline::check() {
    if (services_.bodies) {
        if (auto checked = services_.bodies->check(); !checked) {
            return fail("--save-bodies: " + checked.error().message);
        }
    }
    for (const auto& output : outputs_) {
        if (auto checked = output->file().check(now()); !checked) {
            return checked;
        }
    }
    return {};
}

Result<void> Pipeline::open() {
    if (services_.bodies) {
        if (auto opened = services_.bodies->open(); !opened) {
            return fail("--save-bodies: " + opened.error().message);
        }
    }
    for (const auto& output : outputs_) {
        if (auto opened = output->file().open(now()); !opened) {
            return opened;
        }
    }
    return {};
}

/// What has no recorder of its own is recorded by this program.
Origin Pipeline::origin() const {
    Origin origin = source_ != nullptr ? source_->origin() : Origin{};
    if (origin.tool.empty()) {
        origin.tool = "sslsniff " SSLSNIFF_VERSION;
    }
    return origin;
}

bool Pipeline::is_done() const {
    return limit_.is_reached() || (services_.bodies && !services_.bodies->status()) ||
           std::ranges::any_of(outputs_, [](const auto& output) { return output->is_done(); });
}

bool Pipeline::can_write() const {
    return outputs_.empty() || services_.bodies ||
           std::ranges::any_of(outputs_, [](const auto& output) { return !output->is_done(); });
}

void Pipeline::flush() {
    if (services_.bodies && services_.bodies->is_full() && !std::exchange(told_of_full_folder_, true)) {
        say("the saved bodies have reached --max-saved: no more are saved");
    }
    for (const auto& output : outputs_) {
        static_cast<void>(output->flush());  // a failure stays, and makes it done
    }
}

bool Pipeline::reopen() {
    bool any = false;
    for (const auto& output : outputs_) {
        any = any || output->file().can_reopen();
        if (auto reopened = output->file().reopen(); !reopened) {
            say(reopened.error().message);
        }
    }
    return any;
}

std::string Pipeline::totals() const {
    CaptureSummary summary = connections_.running_summary();
    limit_.count_into(summary);
    if (where_) {
        where_->count_into(summary);
    }
    return summary_text(summary);
}

std::vector<std::string> Pipeline::finish() {
    // The last event's time, not the clock's: a recording of this capture must end the same way.
    connections_.finish(connections_.summary().ended);
    std::vector<std::string> failures;
    const auto note = [&failures](const Result<void>& result) {
        if (!result) {
            failures.push_back(result.error().message);
        }
    };
    for (const auto& output : outputs_) {
        note(output->finish());
    }
    if (services_.bodies) {
        note(services_.bodies->status());
    }
    return failures;
}

}  // namespace sslsniff
