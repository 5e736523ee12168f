#include "protocols/sql/exchange_text.h"

#include <fmt/format.h>

#include <iterator>

#include "base/text.h"

namespace sslsniff::sql {
namespace {

constexpr std::size_t kSummaryBytes = 120;
constexpr std::size_t kParameterBytes = 40;
constexpr std::size_t kShownResults = 4;
constexpr std::string_view kEllipsis = "…";

/// Appends `text` with each run of blanks as one, `max` bytes at most.
void append_on_one_line(std::string& out, ByteView text, std::size_t max) {
    const std::size_t begin = out.size();
    bool blank = true;
    for (const char c : text) {
        if (c == ' ' || (c >= '\t' && c <= '\r')) {
            blank = true;
            continue;
        }
        if (out.size() - begin >= max) {
            out.resize(begin + without_cut_code_point(ByteView(out).substr(begin)));
            out += kEllipsis;
            return;
        }
        if (blank && out.size() > begin) {
            out += ' ';
        }
        blank = false;
        out += c;
    }
}

void append_parameters(std::string& out, const SqlExchange::Request& request, std::size_t max) {
    out += " [";
    const std::size_t end = out.size() + max;
    std::size_t shown = 0;
    for (const Value& value : request.parameters ? *request.parameters : Values()) {
        if (out.size() >= end) {
            break;
        }
        out += shown++ == 0 ? "" : ", ";
        append_literal(out, value, kParameterBytes);
    }
    out += shown < request.parameter_count ? (shown == 0 ? kEllipsis : ", …") : "";
    out += ']';
}

std::string count_of(std::uint64_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string text_of(const Result& result) {
    if (result.rows) {
        return count_of(*result.rows, "row");
    }
    if (!result.tag.empty()) {
        return result.tag;
    }
    return result.affected_rows.value_or(0) != 0 ? count_of(*result.affected_rows, "row") + " affected"
                                                 : "OK";
}

std::string text_of(const Attribute& attribute) {
    if (const auto* text = std::get_if<Bytes>(&attribute.value)) {
        return fmt::format("{}: {}", attribute.name, *text);
    }
    if (const auto* number = std::get_if<std::int64_t>(&attribute.value)) {
        return fmt::format("{}: {}", attribute.name, *number);
    }
    return std::string(attribute.name);
}

std::string results_line(const SqlExchange::Response& response) {
    std::string out;
    std::size_t shown = 0;
    for (const Result& result : response.results) {
        if (shown == kShownResults) {
            break;
        }
        out += shown++ == 0 ? "" : "; ";
        append_on_one_line(out, text_of(result), kSummaryBytes);
    }
    if (shown < response.result_count) {
        out += fmt::format("; {} more", response.result_count - shown);
    }
    return out;
}

/// The first rows as a table: names, then a line for each.
Body table_of(const SqlExchange::Response& response) {
    Body body;
    body.content_type = "text/plain";
    std::string& out = body.captured;
    if (response.columns) {
        for (std::size_t i = 0; i < response.columns->size(); ++i) {
            out += i == 0 ? "" : " | ";
            out += (*response.columns)[i].name;
        }
        out += '\n';
    }
    for (const Values& row : response.rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            out += i == 0 ? "" : " | ";
            append_cell(out, row[i]);
        }
        out += '\n';
    }
    if (response.rows.size() < response.row_count) {
        fmt::format_to(std::back_inserter(out), "({} more rows)\n",
                       response.row_count - response.rows.size());
    }
    body.size = out.size();
    return body;
}

}  // namespace

std::string request_line(const SqlExchange::Request& request) {
    std::string out = request.title;
    if (request.statement || request.unknown_statement) {
        out += out.empty() ? "" : " ";
        const ByteView text = request.statement ? ByteView(request.statement->text) : ByteView(kUnknown);
        append_on_one_line(out, text, kSummaryBytes);
        if (request.statement && request.statement->is_cut() && !out.ends_with(kEllipsis)) {
            out += kEllipsis;
        }
    }
    if (request.parameter_count != 0) {
        append_parameters(out, request, kSummaryBytes / 2);
    }
    return out;
}

std::string response_line(const SqlExchange& exchange) {
    const SqlExchange::Response& response = exchange.response;
    if (exchange.skipped) {
        return "(skipped: an earlier one failed)";
    }
    std::string out = response.title;
    if (response.error) {
        out = fmt::format("ERROR {} ", response.error->code);
        append_on_one_line(out, response.error->message, kSummaryBytes);
    } else if (out.empty() && response.seen) {
        out = results_line(response);
    }
    if (response.bulk) {
        out += fmt::format("{}copied {} bytes {}", out.empty() ? "" : ", ", response.bulk->body.size,
                           response.bulk->direction);
    }
    if (exchange.transaction == "in_transaction") {
        out += " (in transaction)";
    } else if (exchange.transaction == "failed") {
        out += " (transaction failed)";
    }
    if (out.empty() && !exchange.answer_expected && !exchange.towards_client) {
        out = "(no answer by design)";
    }
    return out;
}

void write_exchange_details(DetailWriter& writer, const SqlExchange& exchange) {
    const SqlExchange::Request& request = exchange.request;
    const SqlExchange::Response& response = exchange.response;
    if (request.seen) {
        const ByteView text = request.statement           ? ByteView(request.statement->text)
                              : request.unknown_statement ? ByteView(kUnknown)
                                                          : ByteView(request.title);
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = std::min(text.find('\n', at), text.size());
            writer.line('>', text.substr(at, end - at));
            at = end + 1;
        }
        std::size_t number = 0;
        for (const Value& value : request.parameters ? *request.parameters : Values()) {
            std::string line = fmt::format("parameter {}: ", ++number);
            append_literal(line, value, value.text.size());
            writer.line('>', line);
        }
        for (const Attribute& attribute : request.attributes) {
            writer.line('>', text_of(attribute));
        }
    }
    if (response.error) {
        writer.line('<', fmt::format("{}: {}", response.error->code, response.error->message));
        for (const Attribute& attribute : response.error->more) {
            writer.line('<', text_of(attribute));
        }
    }
    for (const Error& notice : response.notices) {
        writer.line('<', fmt::format("{}: {}", notice.code, notice.message));
    }
    for (const Result& result : response.results) {
        writer.line('<', text_of(result));
    }
    for (const Attribute& attribute : response.attributes) {
        writer.line('<', text_of(attribute));
    }
    if (!response.rows.empty()) {
        writer.body('<', table_of(response));
    }
    if (response.bulk) {
        writer.body(response.bulk->direction == "in" ? '>' : '<', response.bulk->body);
    }
}

}  // namespace sslsniff::sql
