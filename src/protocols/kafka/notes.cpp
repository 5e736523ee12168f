#include "protocols/kafka/notes.h"

#include <algorithm>

#include "protocols/kafka/errors.h"

namespace sslsniff::kafka {
namespace {

constexpr std::size_t kMostTopics = 100;  // that are named
constexpr std::size_t kMostRecords = 10;  // that are shown, of all partitions
constexpr std::size_t kMostText = 4096;   // bytes of a string that are kept

/// Elements of arrays have no key.
std::string_view key_of(const Field& field) {
    return field.is_array ? std::string_view() : field.name;
}

}  // namespace

void Describer::begin_array(const Field& field) {
    writer_.begin_array(field.name);
}

void Describer::end_array() {
    writer_.end_array();
}

void Describer::begin_structure(const Field& field) {
    writer_.begin_object(key_of(field));
    open_.push_back({});
}

void Describer::end_structure() {
    writer_.end_object();
    open_.pop_back();
}

void Describer::on_null(const Field& field) {
    writer_.null(field.name);
}

void Describer::on_number(const Field& field, std::int64_t value) {
    if (field.type == Type::boolean) {
        writer_.boolean(key_of(field), value != 0);
        return;
    }
    writer_.number(key_of(field), value);
    switch (field.means) {
        case Means::acks:
            notes_.acks = value;
            break;
        case Means::error_code:
            if (value != 0) {
                writer_.text("error", error_name(static_cast<std::int16_t>(value)));
                notes_.error = notes_.error == 0 ? static_cast<std::int16_t>(value) : notes_.error;
                ++notes_.error_count;
            }
            break;
        case Means::partition:
            ++notes_.partition_count;
            if (!notes_.topics.empty() && notes_.topics.size() == notes_.topic_count) {
                Notes::Topic& topic = notes_.topics.back();
                topic.partition = topic.partitions == 0 ? value : topic.partition;
                ++topic.partitions;
            }
            break;
        case Means::offset:
            if (!notes_.topics.empty() && notes_.topics.back().partitions == 1) {
                notes_.topics.back().offset = value;
            }
            break;
        default:
            break;
    }
}

void Describer::on_uuid(const Field& field, ByteView value) {
    writer_.text(key_of(field), uuid_text(value));
    const bool is_zero = value.find_first_not_of('\0') == ByteView::npos;
    if (field.means == Means::topic_id && !is_zero) {
        name_topic(value, {});
    }
}

/// One topic, whether its name comes alone, its id, or both.
void Describer::name_topic(ByteView id, ByteView name) {
    if (open_.empty()) {
        add_topic(std::string(name));
        return;
    }
    Named& named = open_.back();
    named.id = id.empty() ? named.id : id;
    named.name = name.empty() ? named.name : name;
    if (!named.id.empty() && !named.name.empty()) {
        names_.learn(named.id, named.name);
    }
    const std::string* const known = named.name.empty() ? names_.find(named.id) : nullptr;
    std::string text = known != nullptr      ? *known
                       : !named.name.empty() ? std::string(named.name)
                                             : uuid_text(named.id);
    if (!named.has_topic) {
        named.has_topic = true;
        add_topic(std::move(text));
    } else if (notes_.topics.size() == notes_.topic_count) {
        notes_.topics.back().name = std::move(text);
    }
}

void Describer::add_topic(std::string name) {
    ++notes_.topic_count;
    if (notes_.topics.size() < kMostTopics) {
        notes_.topics.push_back({.name = std::move(name), .offset = std::nullopt});
    }
}

void Describer::on_bytes(const Field& field, ByteView value, std::uint64_t size) {
    if (field.type == Type::records) {
        write_records(key_of(field), value, size);
        return;
    }
    const bool hidden = field.means == Means::secret && !limits_.show_secrets && !value.empty();
    const ByteView kept = hidden ? ByteView("***") : value.substr(0, kMostText);
    if (field.type == Type::bytes && !hidden) {
        Body body;
        append(body, value, std::min(kMostText, limits_.max_body));
        body.size = size;
        writer_.body(key_of(field), body);
    } else {
        writer_.text(key_of(field), kept);
    }
    const auto note = [&](std::string& text) {
        if (text.empty()) {
            text = kept;
        }
    };
    switch (field.means) {
        case Means::topic:
            field.is_array ? add_topic(std::string(kept)) : name_topic({}, kept);
            break;
        case Means::group:
            note(notes_.group);
            break;
        case Means::transaction:
            note(notes_.transaction);
            break;
        case Means::subject:
            note(notes_.subject);
            break;
        case Means::error_message:
            note(notes_.error_message);
            break;
        default:
            break;
    }
}

void Describer::write_records(std::string_view key, ByteView value, std::uint64_t size) {
    RecordLimits limits;
    limits.max_records = kMostRecords - std::min(kMostRecords, shown_records_);
    limits.max_bytes = limits_.max_body - std::min(limits_.max_body, shown_bytes_);
    const RecordSet set = read_records(value, size, limits);
    notes_.has_records = true;
    notes_.record_count += set.count;
    notes_.record_bytes += size;
    notes_.is_truncated = notes_.is_truncated || set.is_truncated;
    writer_.begin_object(key);
    writer_.number("size", size);
    writer_.number("count", set.count);
    if (set.is_truncated) {
        writer_.boolean("truncated", true);
    }
    if (size > 0) {
        writer_.number("batches", set.batches);
        writer_.text("compression", set.compression);
    }
    if (set.base_offset) {
        writer_.number("base_offset", *set.base_offset);
    }
    if (set.producer_id) {
        writer_.number("producer_id", *set.producer_id);
    }
    if (set.is_transactional) {
        writer_.boolean("transactional", true);
    }
    if (set.is_control) {
        writer_.boolean("control", true);
    }
    if (!set.first.empty()) {
        writer_.begin_array("first");
        for (const Record& record : set.first) {
            write_record(record);
        }
        writer_.end_array();
    }
    writer_.end_object();
}

void Describer::write_record(const Record& record) {
    ++shown_records_;
    writer_.begin_object("");
    writer_.number("offset", record.offset);
    if (record.timestamp_ms) {
        writer_.number("timestamp_ms", *record.timestamp_ms);
    }
    if (record.key) {
        shown_bytes_ += record.key->captured.size();
        writer_.text("key", record.key->captured);
    } else {
        writer_.null("key");
    }
    if (record.value) {
        shown_bytes_ += record.value->captured.size();
        writer_.body("value", *record.value);
    } else {
        writer_.null("value");
    }
    if (!record.headers.empty()) {
        writer_.begin_array("headers");
        for (const auto& [name, value] : record.headers) {
            shown_bytes_ += name.size() + value.size();
            writer_.begin_object("");
            writer_.text("name", name);
            writer_.text("value", value);
            writer_.end_object();
        }
        writer_.end_array();
    }
    writer_.end_object();
}

}  // namespace sslsniff::kafka
