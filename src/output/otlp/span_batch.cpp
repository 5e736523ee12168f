#include "output/otlp/span_batch.h"

namespace sslsniff {

SpanBatch::Group& SpanBatch::group_of(const std::shared_ptr<const ProcessInfo>& process) {
    const auto [at, is_new] = index_.try_emplace(process.get(), groups_.size());
    if (is_new) {
        groups_.push_back({process, {}});
        append_scope(groups_.back().spans);
    }
    return groups_[at->second];
}

void SpanBatch::add(const std::shared_ptr<const ProcessInfo>& process, const Span& span) {
    Group& group = group_of(process);
    encoded_.clear();
    encode_span(span, encoded_);
    append_field(group.spans, otlp::kItems, encoded_);
    bytes_ += encoded_.size();
    ++count_;
}

Bytes SpanBatch::take() {
    Bytes request;
    for (Group& group : groups_) {
        append_field(group.spans, otlp::kSchemaUrl, otlp::kSchema);
        Bytes of_resource;
        append_field(of_resource, otlp::kResource, encode_resource(*group.process, host_));
        append_field(of_resource, otlp::kScopeGroups, group.spans);
        append_field(request, otlp::kResourceGroups, of_resource);
    }
    groups_.clear();
    index_.clear();
    count_ = 0;
    bytes_ = 0;
    return request;
}

}  // namespace sslsniff
