#pragma once

#include <memory>

#include "model/transaction.h"
#include "output/json/json_sink.h"
#include "output/kafka/producer.h"
#include "output/output.h"
#include "output/output_context.h"

namespace sslsniff {

/// What JSON lines say (docs/json.md), each a record of a topic; those of one connection have its id as key,
/// and so keep their order. Losses and the summary have none.
class KafkaOutput final : public Output, private TransactionSink, private RenderedOutput {
  public:
    KafkaOutput(std::string place, KafkaProperties properties);

    TransactionSink* transactions() override { return this; }
    RenderedOutput* rendered() override { return this; }
    /// Whether the place and the settings can be understood.
    Result<void> check(Timestamp now) override;
    /// Brokers may come later.
    Result<void> open(Timestamp now) override;
    Result<bool> flush() override;
    Result<void> finish() override;
    bool is_done() const override { return false; }
    std::vector<std::pair<std::string, std::uint64_t>> counts() const override;
    std::vector<std::string> take_remarks() override;

  private:
    /// Makes a record of each line.
    class Lines final : public OutputStream {
      public:
        explicit Lines(KafkaOutput& output) : output_(output) {}
        void write(ByteView bytes) override;
        Result<void> flush() override { return {}; }

      private:
        KafkaOutput& output_;
        Bytes line_;
    };

    void on_transaction(const Transaction& transaction) override;
    void on_connection(const ConnectionRecord& record) override;
    void on_loss(const LossEvent& loss) override;
    void on_summary(const CaptureSummary& summary) override;

    std::unique_ptr<Renderer> make_renderer() const override { return json_.make_renderer(); }
    void write(const Transaction& transaction, ByteView rendered) override;
    void write(const ConnectionRecord& record, ByteView rendered) override;

    std::string place_;
    KafkaProperties properties_;
    KafkaProducer producer_;
    Lines lines_{*this};
    JsonSink json_{lines_};
    std::string key_;  ///< of the lines that come
};

/// "BROKERS/TOPIC".
Result<void> check_kafka_place(std::string_view place);
std::unique_ptr<Output> make_kafka_output(const OutputPlace& place, const OutputContext& context);

}  // namespace sslsniff
