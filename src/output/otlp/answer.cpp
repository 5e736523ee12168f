#include "output/otlp/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <utility>

#include "base/text.h"

namespace sslsniff {
namespace {

constexpr int kOk = 200;
constexpr int kRedirect = 300;
constexpr std::size_t kMostShown = 200;  ///< bytes of what a collector says

/// Of ExportTraceServiceResponse and ExportMetricsServiceResponse, which are equal but for names
/// (trace_service.proto, metrics_service.proto).
struct PartialSuccess {
    std::uint64_t rejected = 0;
    std::string message;
};

std::string shown(ByteView text) {
    return printable(prefix_of(text, kMostShown));
}

PartialSuccess read_partial(protozero::pbf_reader message) {
    PartialSuccess out;
    while (message.next()) {
        if (message.tag() == 1 && message.wire_type() == protozero::pbf_wire_type::varint) {
            out.rejected = static_cast<std::uint64_t>(std::max<std::int64_t>(message.get_int64(), 0));
        } else if (message.tag() == 2 && message.wire_type() == protozero::pbf_wire_type::length_delimited) {
            const auto text = message.get_view();
            out.message = shown(ByteView(text.data(), text.size()));
        } else {
            message.skip();
        }
    }
    return out;
}

/// Nothing when it is no such message.
std::optional<PartialSuccess> read_response(ByteView body) {
    try {
        PartialSuccess out;
        protozero::pbf_reader message(body.data(), body.size());
        while (message.next()) {
            if (message.tag() == 1 && message.wire_type() == protozero::pbf_wire_type::length_delimited) {
                out = read_partial(message.get_message());
            } else {
                message.skip();
            }
        }
        return out;
    } catch (const protozero::exception&) {
        return std::nullopt;
    }
}

/// The text in a google.rpc.Status, which collectors explain themselves with; nothing when it is none.
std::optional<std::string> read_status(ByteView body) {
    try {
        protozero::pbf_reader message(body.data(), body.size());
        while (message.next()) {
            if (message.tag() == 2 && message.wire_type() == protozero::pbf_wire_type::length_delimited) {
                const auto text = message.get_view();
                return shown(ByteView(text.data(), text.size()));
            }
            message.skip();
        }
        return std::nullopt;
    } catch (const protozero::exception&) {
        return std::nullopt;
    }
}

/// In whatever form.
std::string explanation(ByteView body) {
    if (auto status = read_status(body)) {
        return *std::move(status);
    }
    const ByteView start = prefix_of(body.substr(0, body.find('\n')), kMostShown);
    return is_utf8(start) ? shown(trim(start)) : "";
}

/// Those that OTLP names: the collector may take it later.
bool is_temporary(int status) {
    constexpr int kTemporary[] = {429, 502, 503, 504};
    return std::ranges::find(kTemporary, status) != std::end(kTemporary);
}

Verdict judge_taken(const Answer& answer) {
    Verdict verdict;
    if (!answer.is_whole) {
        verdict.remark = "the collector took it, but its answer is not whole: " + answer.error;
        return verdict;
    }
    const auto said = read_response(answer.body);
    if (!said) {
        verdict.remark = "the collector answered OK with what is no OTLP; is the URL right?";
        return verdict;
    }
    verdict.rejected = said->rejected;
    if (said->rejected != 0 || !said->message.empty()) {
        verdict.remark = fmt::format("the collector rejected {} of it{}{}", said->rejected,
                                     said->message.empty() ? "" : ": ", said->message);
    }
    return verdict;
}

}  // namespace

Verdict judge(const Answer& answer) {
    if (answer.status >= kOk && answer.status < kRedirect) {
        return judge_taken(answer);
    }
    if (answer.status == 0) {
        return {Verdict::Kind::again, 0, answer.error.empty() ? "no answer" : answer.error};
    }
    const std::string why = explanation(answer.body);
    return {is_temporary(answer.status) ? Verdict::Kind::again : Verdict::Kind::refused, 0,
            fmt::format("the collector answered {}{}{}", answer.status, why.empty() ? "" : ": ", why)};
}

}  // namespace sslsniff
