#include "output/kafka/kafka_output.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"

namespace sslsniff {

KafkaOutput::KafkaOutput(std::string place, KafkaProperties properties)
    : place_(std::move(place)), properties_(std::move(properties)) {}

Result<void> KafkaOutput::check(Timestamp /*now*/) {
    const auto target = parse_kafka_target(place_);
    return target ? KafkaProducer::check(properties_) : std::unexpected(target.error());
}

Result<void> KafkaOutput::open(Timestamp /*now*/) {
    auto target = parse_kafka_target(place_);
    if (!target) {
        return std::unexpected(target.error());
    }
    target->properties = properties_;
    return producer_.open(*target);
}

Result<bool> KafkaOutput::flush() {
    producer_.poll();
    return producer_.counts().waiting == 0;
}

Result<void> KafkaOutput::finish() {
    producer_.drain();
    const KafkaCounts counts = producer_.counts();
    const std::uint64_t lost = counts.failed + counts.refused + counts.waiting;
    if (lost == 0) {
        return {};
    }
    const std::string error = producer_.take_error();
    return fail(fmt::format("{} of {} records were not delivered to kafka:{}{}", lost,
                            lost + counts.delivered, printable(place_),
                            error.empty() ? "" : ": " + printable(error)));
}

std::vector<std::pair<std::string, std::uint64_t>> KafkaOutput::counts() const {
    const KafkaCounts counts = producer_.counts();
    return {{"delivered", counts.delivered},
            {"waiting", counts.waiting},
            {"lost", counts.failed + counts.refused}};
}

std::vector<std::string> KafkaOutput::take_remarks() {
    producer_.poll();
    const std::string error = producer_.take_error();
    if (error.empty()) {
        return {};
    }
    const KafkaCounts counts = producer_.counts();
    return {fmt::format("kafka:{}: {} ({} records wait, {} were lost so far)", printable(place_),
                        printable(error), counts.waiting, counts.failed + counts.refused)};
}

void KafkaOutput::on_transaction(const Transaction& transaction) {
    key_ = connection_name(transaction.connection.id);
    json_.on_transaction(transaction);
}

void KafkaOutput::on_connection(const ConnectionRecord& record) {
    key_ = connection_name(record.connection.id);
    json_.on_connection(record);
}

void KafkaOutput::write(const Transaction& transaction, ByteView rendered) {
    key_ = connection_name(transaction.connection.id);
    lines_.write(rendered);
}

void KafkaOutput::write(const ConnectionRecord& record, ByteView rendered) {
    key_ = connection_name(record.connection.id);
    lines_.write(rendered);
}

void KafkaOutput::on_loss(const LossEvent& loss) {
    key_.clear();
    json_.on_loss(loss);
}

void KafkaOutput::on_summary(const CaptureSummary& summary) {
    key_.clear();
    json_.on_summary(summary);
}

void KafkaOutput::Lines::write(ByteView bytes) {
    for (std::size_t end = bytes.find('\n'); end != ByteView::npos; end = bytes.find('\n')) {
        line_.append(bytes.substr(0, end));
        output_.producer_.send(output_.key_, line_);
        line_.clear();
        bytes.remove_prefix(end + 1);
    }
    line_.append(bytes);
}

Result<void> check_kafka_place(std::string_view place) {
    const auto target = parse_kafka_target(place);
    return target ? Result<void>() : std::unexpected(target.error());
}

std::unique_ptr<Output> make_kafka_output(const OutputPlace& place, const OutputContext& context) {
    return std::make_unique<KafkaOutput>(place.options.path, context.settings.kafka);
}

}  // namespace sslsniff
