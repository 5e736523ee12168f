#include "engine/pipeline.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <string_view>
#include <utility>
#include <variant>

#include "base/text.h"
#include "engine/protocol_hints.h"
#include "model/wall_clock.h"
#include "output/output_formats.h"
#include "output/text/summary_text.h"
#include "protocols/protocol.h"
#include "schema/descriptor_set.h"

namespace sslsniff {
namespace {

StreamLimits limits_of(const PipelineOptions& options, bool reads_fields, BodyStore* bodies,
                       const MessageSchema* schema) {
    StreamLimits limits;
    limits.max_memory = options.settings.max_memory;
    limits.parser.max_body = options.max_body;
    limits.parser.show_secrets = options.show_secrets;
    limits.parser.fields = reads_fields;
    limits.parser.bodies = bodies;
    limits.parser.schema = schema;
    limits.decode_as = options.decode_as;
    return limits;
}

/// Nothing without an expression.
Result<std::optional<WhereFilter>> make_where(const std::string& expression) {
    if (expression.empty()) {
        return std::nullopt;
    }
    auto filter = WhereFilter::parse(expression, FieldTable(protocol_fields()));
    return filter ? Result<std::optional<WhereFilter>>(*std::move(filter)) : std::unexpected(filter.error());
}

/// The same for the pcap-filter expression.
Result<std::optional<EndpointFilter>> make_filter(const std::string& expression) {
    if (expression.empty()) {
        return std::nullopt;
    }
    auto filter = EndpointFilter::compile(expression);
    return filter ? Result<std::optional<EndpointFilter>>(*std::move(filter))
                  : std::unexpected(filter.error());
}

/// What the constructor relies on.
Result<void> check_options(const PipelineOptions& options) {
    for (const auto& spec : options.outputs) {
        if (find_output_format(spec.format) == nullptr) {
            return fail(ErrorKind::usage,
                        fmt::format("'{}' is not an output format", printable(spec.format)));
        }
    }
    if (const auto filter = make_filter(options.expression); !filter) {
        return std::unexpected(filter.error());
    }
    if (const auto filter = make_where(options.where); !filter) {
        return std::unexpected(filter.error());
    }
    return {};
}

ConnectionGate::Limits gate_limits(const PipelineOptions& options) {
    return {.max_connections = options.settings.max_memory / 2048,
            .max_waiting = options.settings.max_memory / 16};
}

/// Null: everything is shown.
Result<std::shared_ptr<const Redactor>> make_redactor(const PipelineOptions& options) {
    const RedactionOptions& more = options.redaction;
    if (options.show_secrets && more.rules.empty() && more.bodies) {
        return nullptr;
    }
    return Redactor::create(more,
                            options.show_secrets ? Redactor::WellKnown::show : Redactor::WellKnown::hide);
}

/// In the order of CaptureEvent.
constexpr std::array<std::string_view, std::variant_size_v<CaptureEvent>> kEventKinds{
    "process", "open", "endpoints", "tls", "data", "gap", "close", "loss"};

}  // namespace

void Pipeline::EventFanOut::on_event(const CaptureEvent& event) {
    ++counts_[event.index()];
    for (auto* consumer : consumers_) {
        consumer->on_event(event);
    }
    const Timestamp time = time_of(event);
    if (!last_tick_) {
        last_tick_ = time;
    } else if (time - *last_tick_ >= Output::kTick) {
        last_tick_ = time;
        for (const auto& output : outputs_) {
            output->tick(time);
        }
    }
}

Result<std::unique_ptr<Pipeline>> Pipeline::create(const PipelineOptions& options, Patience& patience,
                                                   Outputs more) {
    if (auto checked = check_options(options); !checked) {
        return std::unexpected(checked.error());
    }
    std::unique_ptr<MessageSchema> schema;
    struct stat status{};
    const bool has_schema = !options.proto.empty();
    if (has_schema) {
        auto read = read_descriptor_set(options.proto);
        if (!read) {
            return fail(read.error().kind, "--proto: " + read.error().message);
        }
        schema = *std::move(read);
    }
    auto redactor = make_redactor(options);
    if (!redactor) {
        return fail(redactor.error().kind, "--redact: " + redactor.error().message);
    }
    std::unique_ptr<Pipeline> pipeline(
        new Pipeline(options, patience, std::move(schema), *std::move(redactor), std::move(more)));
    if (has_schema && ::stat(options.proto.c_str(), &status) == 0) {
        pipeline->protect(status, "the file of --proto");
    }
    return pipeline;
}

Pipeline::Pipeline(const PipelineOptions& options, Patience& patience, std::unique_ptr<MessageSchema> schema,
                   std::shared_ptr<const Redactor> redactor, Outputs more)
    : outputs_(make_outputs(options, patience, std::move(more))),
      schema_(std::move(schema)),
      redactor_(std::move(redactor)),
      threads_(threads_for(options)),
      redaction_(redactor_ ? std::make_unique<RedactionStage>(redactor_, undecoded_tls_) : nullptr),
      limit_(redaction_ ? static_cast<TransactionSink&>(*redaction_) : undecoded_tls_, options.count,
             options.settings.connections),
      where_(make_where(options.where).value_or(std::nullopt), limit_, options.settings.connections),
      protocols_(where_),
      naming_(names_, protocols_),
      dns_(naming_),
      connections_(dns_, limits_of(options, reads_fields(options), body_store(), schema_.get()),
                   options.names ? &names_ : nullptr),
      gate_(make_filter(options.expression).value_or(std::nullopt), events_, gate_limits(options)),
      filter_text_(options.expression),
      where_text_(options.where),
      reads_fields_(reads_fields(options)),
      max_memory_(options.settings.max_memory) {
    std::ranges::transform(options.outputs, std::back_inserter(output_names_), &OutputSpec::text);
    for (const auto& output : outputs_) {
        if (threads_ > 1 && output->rendered() != nullptr) {
            rendering_.add(*output);
        } else if (auto* sink = output->transactions()) {
            // Where a body is kept has to be known to those who tell.
            if (output->bodies() != nullptr) {
                sinks_.add_first(*sink);
            } else {
                sinks_.add(*sink);
            }
        }
        if (auto* consumer = output->events()) {
            events_.add(*consumer);
        }
        if (auto* observer = output->observer()) {
            connections_.add_observer(*observer);
        }
    }
    if (rendering_.has_outputs()) {
        sinks_.add(rendering_);
    }
    events_.add(connections_);
}

Pipeline::Outputs Pipeline::make_outputs(const PipelineOptions& options, Patience& patience, Outputs more) {
    const OutputContext context{
        .settings = options.settings,
        .origin = [this] { return origin(); },
        .buffer = [this] { return source_ != nullptr ? source_->buffer_use() : std::nullopt; },
        .attacher = [this] { return source_ != nullptr ? source_->attacher_use() : std::nullopt; },
        .maps = [this] { return source_ != nullptr ? source_->map_use() : std::vector<MapUse>(); },
        .dissectors = make_dissectors(options.decode_as),
        .parse_where =
            [](std::string_view expression) {
                return WhereFilter::parse(expression, FieldTable(protocol_fields()));
            }};
    Outputs outputs;
    for (const auto& spec : options.outputs) {
        const OutputPlace place{{spec.path, fmt::format("the output {}", printable(spec.text())),
                                 options.rotation, options.append && find_output_format(spec.format)->lines},
                                rules_,
                                &patience};
        outputs.push_back(find_output_format(spec.format)->make(place, context));
    }
    std::ranges::move(more, std::back_inserter(outputs));
    return outputs;
}

/// Of any transaction, before or behind a filter.
bool Pipeline::reads_fields(const PipelineOptions& options) const {
    return !options.where.empty() || std::ranges::any_of(outputs_, [](const auto& output) {
        return output->transactions() != nullptr && output->reads_fields();
    });
}

/// One where it would be seen which thread was faster: when the capture ends with the last file of a row, and
/// when bodies are saved, whose room others get when a transaction is gone.
std::size_t Pipeline::threads_for(const PipelineOptions& options) const {
    const bool ends_with_files = options.rotation.max_files != 0 && options.rotation.max_size == 0;
    return ends_with_files || body_store() != nullptr ? 1 : std::max(options.threads, 1U);
}

void Pipeline::start_threads() {
    if (rendering_.has_outputs()) {
        rendering_.start(threads_ - 1);
    }
}

/// Of the first output that has one.
BodyStore* Pipeline::body_store() const {
    for (const auto& output : outputs_) {
        if (auto* store = output->bodies()) {
            return store;
        }
    }
    return nullptr;
}

void Pipeline::protect(const struct stat& status, const std::string& what) {
    if (S_ISREG(status.st_mode)) {
        static_cast<void>(rules_.claim(FileRules::identity(status), what));  // inputs may be the same
    }
}

Result<void> Pipeline::check() {
    for (const auto& output : outputs_) {
        if (auto checked = output->check(wall_clock()); !checked) {
            return checked;
        }
    }
    return {};
}

Result<void> Pipeline::open() {
    for (const auto& output : outputs_) {
        if (auto opened = output->open(wall_clock()); !opened) {
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
    return limit_.is_reached() || std::ranges::any_of(outputs_, &Output::is_done);
}

bool Pipeline::can_write() const {
    return outputs_.empty() || !std::ranges::all_of(outputs_, &Output::is_done);
}

bool Pipeline::flush() {
    rendering_.drain();
    bool is_whole = true;
    for (const auto& output : outputs_) {
        const auto flushed = output->flush();  // a failure stays, and makes it done
        is_whole = is_whole && flushed.value_or(false);
    }
    return is_whole;
}

bool Pipeline::reopen() {
    rendering_.drain();
    bool any = false;
    for (const auto& output : outputs_) {
        any = any || output->can_reopen();
        if (auto reopened = output->reopen(); !reopened) {
            remarks_.push_back(reopened.error().message);
        }
    }
    return any;
}

CaptureSummary Pipeline::running_summary() const {
    CaptureSummary summary = connections_.running_summary();
    limit_.count_into(summary);
    where_.count_into(summary);
    return summary;
}

Result<void> Pipeline::set_filter(const std::string& expression) {
    auto filter = make_filter(expression);
    if (!filter) {
        return std::unexpected(filter.error());
    }
    gate_.set(*std::move(filter));
    filter_text_ = expression;
    return {};
}

Result<void> Pipeline::set_where(const std::string& expression) {
    auto filter = make_where(expression);
    if (!filter) {
        return std::unexpected(filter.error());
    }
    if (*filter && !reads_fields_) {
        return fail(ErrorKind::usage,
                    "this capture does not read what a filter of transactions looks at, since none of its "
                    "outputs shows it: start it with --where");
    }
    where_.set(*std::move(filter));
    where_text_ = expression;
    return {};
}

void Pipeline::describe(CaptureStatus& status) const {
    status.filter = filter_text_;
    status.where = where_text_;
    status.summary = running_summary();
    status.open_connections = open_connections();
    status.held = held();
    status.max_held = max_memory_;
    status.protocols = protocols_.protocols();
    for (std::size_t kind = 0; kind < kEventKinds.size(); ++kind) {
        status.events.emplace_back(kEventKinds[kind], events_.counts()[kind]);
    }
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
        status.outputs.push_back({i < output_names_.size() ? output_names_[i] : std::string("of the program"),
                                  outputs_[i]->is_done(), outputs_[i]->counts()});
    }
}

std::string Pipeline::totals() const {
    return summary_text(running_summary());
}

std::vector<std::string> Pipeline::take_remarks() {
    std::vector<std::string> remarks = std::exchange(remarks_, {});
    for (const auto& output : outputs_) {
        std::ranges::move(output->take_remarks(), std::back_inserter(remarks));
    }
    return remarks;
}

std::vector<std::string> Pipeline::finish() {
    // The last event's time, not the clock's: a recording of this capture must end the same way.
    connections_.finish(connections_.summary().ended);
    std::vector<std::string> failures;
    for (const auto& output : outputs_) {
        if (const auto finished = output->finish(); !finished) {
            failures.push_back(finished.error().message);
        }
    }
    return failures;
}

}  // namespace sslsniff
