#include "output/har/har_sink.h"

namespace sslsniff {

void HarSink::begin() {
    if (!begun_) {
        begun_ = true;
        out_.write(kHead);
    }
}

ByteView HarSink::entry_of(const Transaction& transaction) {
    rendered_.clear();
    entries_.render(transaction, 0, rendered_);
    return rendered_;
}

void HarSink::on_transaction(const Transaction& transaction) {
    write(transaction, entry_of(transaction));
}

std::unique_ptr<Renderer> HarSink::make_renderer() const {
    return std::make_unique<HarEntries>();
}

void HarSink::write(const Transaction& /*transaction*/, ByteView rendered) {
    if (rendered.empty()) {
        return;
    }
    begin();
    out_.write(any_ ? ",\n" : "\n");
    any_ = true;
    out_.write(rendered);
}

void HarSink::on_summary(const CaptureSummary& /*summary*/) {
    end_file();
}

void HarSink::end_file() {
    begin();
    out_.write(kTail);
}

void HarSink::begin_file() {
    begun_ = false;
    any_ = false;
}

}  // namespace sslsniff
