#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "output/output_settings.h"

namespace sslsniff {

/// Where records go, and how.
struct KafkaTarget {
    std::string brokers;  ///< "HOST[:PORT]", several with commas between them
    std::string topic;
    KafkaProperties properties{};
};

/// What became of the records.
struct KafkaCounts {
    std::uint64_t delivered = 0;  ///< a broker has them
    std::uint64_t failed = 0;     ///< given up: too large, too late, refused
    std::uint64_t refused = 0;    ///< never taken, since too many waited
    std::uint64_t waiting = 0;
};

/// Hands records to a topic of Kafka, by librdkafka: in the order in which they come for each key, and once,
/// as far as brokers can promise that (enable.idempotence). Brokers may come and go: up to 64 MiB of records
/// wait for five minutes.
class KafkaProducer {
  public:
    KafkaProducer();
    KafkaProducer(const KafkaProducer&) = delete;
    KafkaProducer& operator=(const KafkaProducer&) = delete;
    ~KafkaProducer();  ///< what waits is lost

    /// Whether librdkafka knows these settings.
    static Result<void> check(const KafkaProperties& properties);
    /// Fails on settings that do not go together. Connects later, by itself. Until then there are no records.
    Result<void> open(const KafkaTarget& target);
    /// Keeps a copy. Where too much waits, waits for up to a second, but only once until some of it has gone.
    void send(std::string_view key, ByteView record);
    /// Takes notice of what was delivered.
    void poll();
    /// Waits for what waits, as long as every two seconds some of it is delivered.
    void drain();

    KafkaCounts counts() const;
    /// Why records failed, or why brokers cannot be reached; empty: nothing is known to be wrong. Told once.
    std::string take_error();

  private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

/// "HOST:PORT,HOST/TOPIC".
Result<KafkaTarget> parse_kafka_target(std::string_view text);
/// "security.protocol=ssl"
Result<KafkaProperties::value_type> parse_kafka_property(std::string_view text);

}  // namespace sslsniff
