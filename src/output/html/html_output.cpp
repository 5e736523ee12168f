#include "output/html/html_output.h"

#include "output/file_output.h"
#include "output/html/html_sink.h"

namespace sslsniff {

std::unique_ptr<Output> make_html_output(const OutputPlace& place, const OutputContext& /*context*/) {
    return std::make_unique<TransactionOutput<HtmlSink>>(place.make_file());
}

}  // namespace sslsniff
