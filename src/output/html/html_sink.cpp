#include "output/html/html_sink.h"

#include "output/html/report_page.h"

namespace sslsniff {

void HtmlSink::on_transaction(const Transaction& transaction) {
    rendered_.clear();
    lines_.render(transaction, 0, rendered_);
    write(transaction, rendered_);
}

void HtmlSink::on_connection(const ConnectionRecord& record) {
    rendered_.clear();
    lines_.render(record, 0, rendered_);
    write(record, rendered_);
}

std::unique_ptr<Renderer> HtmlSink::make_renderer() const {
    return std::make_unique<HtmlLines>();
}

void HtmlSink::write_lines(ByteView lines) {
    begin();
    blocks_.write(lines);
    blocks_.may_divide();
}

void HtmlSink::on_loss(const LossEvent& loss) {
    begin();
    json_.on_loss(loss);
    blocks_.may_divide();
}

void HtmlSink::on_summary(const CaptureSummary& summary) {
    begin();
    json_.on_summary(summary);
    end();
}

void HtmlSink::end_file() {
    begin();
    blocks_.write("{\"continues\":true}\n");
    end();
}

void HtmlSink::begin() {
    if (!begun_) {
        begun_ = true;
        out_.write(report_head());
    }
}

void HtmlSink::end() {
    blocks_.close();
    out_.write(kReportEnd);
}

}  // namespace sslsniff
