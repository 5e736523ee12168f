#include "control/control_answer.h"

#include "control/control_request.h"
#include "control/status_json.h"
#include "output/json/json_writer.h"

namespace sslsniff {
namespace {

std::string outcome(const Result<void>& result) {
    JsonWriter json;
    json.begin_document();
    json.boolean("done", result.has_value());
    if (!result) {
        json.text("error", result.error().message);
    }
    json.end_object();
    return std::string(json.line());
}

}  // namespace

std::string control_answer(std::string_view line, Controlled& capture) {
    const auto request = parse_control_request(line);
    if (!request) {
        return outcome(std::unexpected(request.error()));
    }
    switch (request->kind) {
        case ControlRequest::Kind::stop:
            return outcome(capture.stop());
        case ControlRequest::Kind::start:
            return outcome(capture.start());
        case ControlRequest::Kind::filter:
            return outcome(capture.set_filter(request->expression));
        case ControlRequest::Kind::where:
            return outcome(capture.set_where(request->expression));
        case ControlRequest::Kind::stats:
            break;
    }
    return status_json(capture.status());
}

}  // namespace sslsniff
