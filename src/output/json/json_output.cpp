#include "output/json/json_output.h"

#include "output/file_output.h"
#include "output/json/json_sink.h"

namespace sslsniff {

std::unique_ptr<Output> make_json_output(const OutputPlace& place, const OutputContext& /*context*/) {
    return std::make_unique<TransactionOutput<JsonSink>>(place.make_file());
}

}  // namespace sslsniff
