#include "output/stat/stat_output.h"

#include "output/file_output.h"
#include "output/stat/stat_json.h"
#include "output/stat/stat_text.h"
#include "output/text/line_parts.h"

namespace sslsniff {

std::unique_ptr<Output> make_stat_output(const OutputPlace& place, const OutputContext& context) {
    TextOptions local;
    local.utc_offset = local_utc_offset;
    return std::make_unique<TransactionOutput<StatText>>(
        place.make_file(), context.settings.stat,
        [local](Timestamp time) { return short_time_text(time, local); });
}

std::unique_ptr<Output> make_stat_json_output(const OutputPlace& place, const OutputContext& context) {
    return std::make_unique<TransactionOutput<StatJson>>(place.make_file(), context.settings.stat);
}

}  // namespace sslsniff
