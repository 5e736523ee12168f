#include "output/kafka/producer.h"

#include <fmt/format.h>
#include <librdkafka/rdkafkacpp.h>

#include <algorithm>
#include <chrono>

#include "base/text.h"

namespace sslsniff {
namespace {

/// What is ours to decide; properties of the user precede.
constexpr std::pair<const char*, const char*> kSettings[] = {
    {"client.id", "sslsniff"},
    {"enable.idempotence", "true"},
    {"linger.ms", "20"},
    {"compression.type", "lz4"},
    {"queue.buffering.max.kbytes", "65536"},
    {"message.max.bytes", "8000000"},  // of brokers the default is 1 MB: they say so
    {"log.connection.close", "false"},
};

Result<void> apply(const KafkaProperties& properties, RdKafka::Conf& settings) {
    for (const auto& [name, value] : properties) {
        std::string error;
        if (settings.set(name, value, error) != RdKafka::Conf::CONF_OK) {
            return fail(ErrorKind::usage, fmt::format("--kafka {}: {}", printable(name), printable(error)));
        }
    }
    return {};
}

}  // namespace

class KafkaProducer::Implementation final : public RdKafka::DeliveryReportCb, public RdKafka::EventCb {
  public:
    Result<void> open(const KafkaTarget& target) {
        const std::unique_ptr<RdKafka::Conf> settings(RdKafka::Conf::create(RdKafka::Conf::CONF_GLOBAL));
        std::string error;
        for (const auto& [name, value] : kSettings) {
            settings->set(name, value, error);
        }
        if (auto set = apply(target.properties, *settings); !set) {
            return set;
        }
        settings->set("bootstrap.servers", target.brokers, error);
        settings->set("dr_cb", static_cast<RdKafka::DeliveryReportCb*>(this), error);
        settings->set("event_cb", static_cast<RdKafka::EventCb*>(this), error);
        producer_.reset(RdKafka::Producer::create(settings.get(), error));
        topic_ = target.topic;
        return producer_ ? Result<void>()
                         : fail(ErrorKind::usage, fmt::format("-o kafka: {}", printable(error)));
    }

    void send(std::string_view key, ByteView record) {
        constexpr auto kPatience = std::chrono::seconds(1);
        const auto until = std::chrono::steady_clock::now() + kPatience;
        RdKafka::ErrorCode result = produce(key, record);
        while (result == RdKafka::ERR__QUEUE_FULL && !gave_up_ && std::chrono::steady_clock::now() < until) {
            producer_->poll(10);
            result = produce(key, record);
        }
        gave_up_ = result == RdKafka::ERR__QUEUE_FULL;
        if (result != RdKafka::ERR_NO_ERROR) {
            ++(gave_up_ ? counts_.refused : counts_.failed);
            keep_error(gave_up_ ? "too many records wait" : RdKafka::err2str(result));
        }
    }

    void poll() {
        if (producer_) {
            producer_->poll(0);
        }
    }

    void drain() {
        constexpr auto kPatience = std::chrono::seconds(2);
        auto until = std::chrono::steady_clock::now() + kPatience;
        for (std::uint64_t done = counts_.delivered;
             producer_ && producer_->outq_len() > 0 && std::chrono::steady_clock::now() < until;) {
            producer_->flush(100);
            if (counts_.delivered != done) {
                done = counts_.delivered;
                until = std::chrono::steady_clock::now() + kPatience;
            }
        }
    }

    KafkaCounts counts() const {
        KafkaCounts counts = counts_;
        counts.waiting = producer_ ? static_cast<std::uint64_t>(std::max(producer_->outq_len(), 0)) : 0;
        return counts;
    }
    std::string take_error() { return std::exchange(error_, {}); }

  private:
    RdKafka::ErrorCode produce(std::string_view key, ByteView record) {
        // It copies; the interface is older than const.
        auto* payload = const_cast<char*>(record.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
        return producer_->produce(topic_, RdKafka::Topic::PARTITION_UA, RdKafka::Producer::RK_MSG_COPY,
                                  payload, record.size(), key.data(), key.size(), 0, nullptr);
    }
    void dr_cb(RdKafka::Message& message) override {
        if (message.err() == RdKafka::ERR_NO_ERROR) {
            ++counts_.delivered;
        } else {
            ++counts_.failed;
            keep_error(message.errstr());
        }
    }
    void event_cb(RdKafka::Event& event) override {
        if (event.type() == RdKafka::Event::EVENT_ERROR) {
            keep_error(event.str().empty() ? RdKafka::err2str(event.err()) : event.str());
        }
    }
    /// The same again and again is told once.
    void keep_error(const std::string& error) {
        if (error != last_error_) {
            last_error_ = error;
            error_ = error;
        }
    }

    std::unique_ptr<RdKafka::Producer> producer_;
    std::string topic_;
    KafkaCounts counts_;
    bool gave_up_ = false;  ///< on waiting; until a record is taken
    std::string last_error_;
    std::string error_;
};

KafkaProducer::KafkaProducer() : implementation_(std::make_unique<Implementation>()) {}
KafkaProducer::~KafkaProducer() = default;

Result<void> KafkaProducer::check(const KafkaProperties& properties) {
    const std::unique_ptr<RdKafka::Conf> settings(RdKafka::Conf::create(RdKafka::Conf::CONF_GLOBAL));
    return apply(properties, *settings);
}

Result<void> KafkaProducer::open(const KafkaTarget& target) {
    return implementation_->open(target);
}
void KafkaProducer::send(std::string_view key, ByteView record) {
    implementation_->send(key, record);
}
void KafkaProducer::poll() {
    implementation_->poll();
}
void KafkaProducer::drain() {
    implementation_->drain();
}
KafkaCounts KafkaProducer::counts() const {
    return implementation_->counts();
}
std::string KafkaProducer::take_error() {
    return implementation_->take_error();
}

Result<KafkaTarget> parse_kafka_target(std::string_view text) {
    const std::size_t slash = text.rfind('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) {
        return fail(ErrorKind::usage,
                    fmt::format("-o kafka: '{}' is not BROKERS/TOPIC, like kafka:broker1:9092,broker2/audit",
                                printable(text)));
    }
    return KafkaTarget{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1)), {}};
}

Result<KafkaProperties::value_type> parse_kafka_property(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) {
        return fail(ErrorKind::usage, fmt::format("--kafka: '{}' is not PROPERTY=VALUE", printable(text)));
    }
    return std::pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

}  // namespace sslsniff
