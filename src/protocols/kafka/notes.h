#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/exchange.h"
#include "protocols/kafka/records.h"
#include "protocols/kafka/topic_names.h"
#include "protocols/kafka/walk.h"

namespace sslsniff::kafka {

/// What stands out in one message.
struct Notes {
    struct Topic {
        std::string name;  ///< its id, when its name is not known
        std::uint64_t partitions = 0;
        std::int64_t partition = 0;          ///< the first one
        std::optional<std::int64_t> offset;  ///< in that one
    };
    std::vector<Topic> topics;  ///< the first ones
    std::uint64_t topic_count = 0;
    std::uint64_t partition_count = 0;
    std::string group;
    std::string transaction;
    std::string subject;
    std::optional<std::int64_t> acks;
    std::int16_t error = 0;         ///< the first one that is not 0
    std::uint64_t error_count = 0;  ///< of those
    std::string error_message;
    bool has_records = false;
    std::uint64_t record_count = 0;
    std::uint64_t record_bytes = 0;
    bool is_truncated = false;  ///< there are more records than were counted
};

struct DescribeLimits {
    std::size_t max_body = 0;  ///< bytes of records that are shown
    bool show_secrets = false;
    bool fields = true;  ///< ParserLimits::fields
};

/// Writes all fields of a message as they come, and notes what stands out.
class Describer final : public FieldSink {
  public:
    /// All must outlive it.
    Describer(FieldWriter& writer, Notes& notes, TopicNames& names, const DescribeLimits& limits)
        : writer_(writer), notes_(notes), names_(names), limits_(limits) {}

    void begin_array(const Field& field) override;
    void end_array() override;
    void begin_structure(const Field& field) override;
    void end_structure() override;
    void on_null(const Field& field) override;
    void on_number(const Field& field, std::int64_t value) override;
    void on_uuid(const Field& field, ByteView value) override;
    void on_bytes(const Field& field, ByteView value, std::uint64_t size) override;

  private:
    /// A structure that names a topic: by its name, its id, or both.
    struct Named {
        bool has_topic = false;
        ByteView id{};
        ByteView name{};
    };
    void add_topic(std::string name);
    void name_topic(ByteView id, ByteView name);
    void write_records(std::string_view key, ByteView value, std::uint64_t size);
    void write_record(const Record& record);

    FieldWriter& writer_;
    Notes& notes_;
    TopicNames& names_;
    DescribeLimits limits_;
    std::vector<Named> open_;
    std::size_t shown_records_ = 0;
    std::size_t shown_bytes_ = 0;
};

}  // namespace sslsniff::kafka
