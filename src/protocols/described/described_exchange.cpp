#include "protocols/described/described_exchange.h"

#include "base/memory.h"

namespace sslsniff {

Summary DescribedExchange::summary() const {
    Summary out;
    out.request = request_line;
    out.response = response_line;
    out.towards_client = towards_client;
    out.tone = tone_of(said.outcome);
    out.request_bytes = said.request_bytes;
    out.response_bytes = said.response_bytes;
    return out;
}

void DescribedExchange::write_fields(FieldWriter& writer) const {
    common.write(writer);
    const auto write_side = [&](std::string_view key, const RecordedFields& fields) {
        if (!fields.empty()) {
            writer.begin_object(key);
            fields.write(writer);
            writer.end_object();
        }
    };
    write_side("request", request);
    write_side("response", response);
}

void DescribedExchange::write_details(DetailWriter& writer) const {
    common.write_details(writer, '*');
    request.write_details(writer, '>');
    response.write_details(writer, '<');
}

std::size_t DescribedExchange::held() const {
    std::size_t held = allocated(sizeof(*this)) + common.held() + request.held() + response.held();
    for (const std::string* text :
         {&request_line, &response_line, &said.operation, &said.target, &said.error_type}) {
        held += heap_bytes(*text);
    }
    return held;
}

}  // namespace sslsniff
