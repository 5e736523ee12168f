#include "output/har/har_output.h"

#include "output/file_output.h"
#include "output/har/har_sink.h"

namespace sslsniff {

std::unique_ptr<Output> make_har_output(const OutputPlace& place, const OutputContext& /*context*/) {
    return std::make_unique<TransactionOutput<HarSink>>(place.make_file());
}

}  // namespace sslsniff
