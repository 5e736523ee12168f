#include "app/pipeline.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "schema/descriptor_set.h"

namespace sslsniff {
namespace {

StreamLimits limits_of(const Options& options, BodyStore* bodies, const MessageSchema* schema) {
    StreamLimits limits;
    limits.parser.max_body = options.max_body;
    limits.parser.show_secrets = options.show_secrets;
    limits.parser.bodies = bodies;
    limits.parser.schema = schema;
    limits.decode_as = options.decode_as;
    return limits;
}

/// Null without --where. The expression was checked with the other options.
std::unique_ptr<FilterSink> make_where(const Options& options, TransactionSink& next) {
    auto filter = WhereFilter::parse(options.where);
    return options.where.empty() || !filter ? nullptr
                                            : std::make_unique<FilterSink>(*std::move(filter), next);
}

/// The same for the pcap-filter expression.
std::unique_ptr<ConnectionGate> make_gate(const Options& options, EventConsumer& next) {
    auto filter = EndpointFilter::compile(options.expression);
    return options.expression.empty() || !filter ? nullptr
                                                 : std::make_unique<ConnectionGate>(*std::move(filter), next);
}

Result<std::unique_ptr<FdOutputStream>> open_stream(const OutputSpec& spec) {
    if (spec.to_stdout()) {
        return std::make_unique<FdOutputStream>(STDOUT_FILENO, "standard output");
    }
    return create_output_file(spec.path);
}

}  // namespace

void Pipeline::EventFanOut::on_event(const CaptureEvent& event) {
    for (auto* consumer : consumers_) {
        consumer->on_event(event);
    }
}

Result<std::unique_ptr<Pipeline>> Pipeline::create(const Options& options) {
    auto services = open_services(options);
    if (!services) {
        return std::unexpected(services.error());
    }
    std::unique_ptr<Pipeline> pipeline(new Pipeline(options, *std::move(services)));
    for (const auto& spec : options.outputs) {
        if (auto added = pipeline->add(spec, options); !added) {
            return std::unexpected(added.error());
        }
    }
    pipeline->events_.add(pipeline->connections_);
    return pipeline;
}

Result<Pipeline::Services> Pipeline::open_services(const Options& options) {
    Services services;
    if (!options.save_bodies.empty()) {
        auto bodies = BodyFolder::create(options.save_bodies);
        if (!bodies) {
            return fail("--save-bodies: " + bodies.error().message);
        }
        services.bodies = *std::move(bodies);
    }
    if (!options.proto.empty()) {
        auto schema = read_descriptor_set(options.proto);
        if (!schema) {
            return fail("--proto: " + schema.error().message);
        }
        services.schema = *std::move(schema);
    }
    return services;
}

Pipeline::Pipeline(const Options& options, Services services)
    : services_(std::move(services)),
      limit_(services_.bodies ? static_cast<TransactionSink&>(body_stage_) : sinks_, options.count,
             options.connections),
      where_(make_where(options, limit_)),
      naming_(names_, where_ ? static_cast<TransactionSink&>(*where_) : limit_),
      dns_(naming_),
      connections_(dns_, limits_of(options, services_.bodies.get(), services_.schema.get()),
                   options.names ? &names_ : nullptr),
      gate_(make_gate(options, events_)) {}

Result<void> Pipeline::add(const OutputSpec& spec, const Options& options) {
    if (spec.format == kPcapngFormat) {
        auto pcapng = PcapngOutput::open(spec, options);
        if (!pcapng) {
            return std::unexpected(pcapng.error());
        }
        events_.add(pcapngs_.emplace_back(*std::move(pcapng))->consumer());
        return {};
    }
    const OutputFormat& format = *find_output_format(spec.format);
    if (options.quiet && format.for_people) {
        return {};
    }
    auto stream = open_stream(spec);
    if (!stream) {
        return std::unexpected(stream.error());
    }
    const bool terminal = spec.to_stdout() && ::isatty(STDOUT_FILENO) == 1;
    if (format.make_sink != nullptr) {
        sinks_.add(format.make_sink(**stream, options, terminal));
    } else {
        events_.add(*writers_.emplace_back(format.make_writer(**stream, [this] { return origin(); })));
    }
    streams_.push_back(*std::move(stream));
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
    return reader_is_gone_ || limit_.is_reached() ||
           std::ranges::any_of(pcapngs_, [](const auto& pcapng) { return pcapng->is_done(); });
}

Result<void> Pipeline::flush() {
    if (services_.bodies) {
        if (auto status = services_.bodies->status(); !status) {
            return status;
        }
    }
    for (const auto& pcapng : pcapngs_) {
        if (auto flushed = pcapng->flush(); !flushed) {
            return flushed;
        }
    }
    for (const auto& stream : streams_) {
        if (auto flushed = stream->flush(); !flushed) {
            if (!stream->is_closed_reader()) {
                return flushed;
            }
            reader_is_gone_ = true;
        }
    }
    return {};
}

Result<CaptureSummary> Pipeline::finish() {
    // The last event's time, not the clock's: a recording of this capture must end the same way.
    connections_.finish(connections_.summary().ended);
    for (const auto& pcapng : pcapngs_) {
        if (auto finished = pcapng->finish(); !finished) {
            return std::unexpected(finished.error());
        }
    }
    if (auto flushed = flush(); !flushed) {
        return std::unexpected(flushed.error());
    }
    return limit_.summary();
}

}  // namespace sslsniff
