#include "output/otlp/span_attributes.h"

#include <algorithm>

#include "output/otlp/encoding.h"

namespace sslsniff {

void SpanAttributes::add(std::string_view name, ByteView text) {
    append_attribute(encoded_, otlp::kSpanAttributes, name, text);
    names_.push_back(name);
}

void SpanAttributes::add(std::string_view name, std::int64_t number) {
    append_attribute(encoded_, otlp::kSpanAttributes, name, number);
    names_.push_back(name);
}

void SpanAttributes::add(std::string_view name, double number) {
    append_attribute(encoded_, otlp::kSpanAttributes, name, number);
    names_.push_back(name);
}

void SpanAttributes::add(std::string_view name, const std::vector<Bytes>& texts) {
    append_attribute(encoded_, otlp::kSpanAttributes, name, texts);
    names_.push_back(name);
}

void SpanAttributes::add_truth(std::string_view name, bool truth) {
    append_attribute(encoded_, otlp::kSpanAttributes, name, truth);
    names_.push_back(name);
}

bool SpanAttributes::has(std::string_view name) const {
    return std::ranges::find(names_, name) != names_.end();
}

}  // namespace sslsniff
