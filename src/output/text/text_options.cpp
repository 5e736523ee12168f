#include "output/text/text_options.h"

#include <ctime>

namespace sslsniff {

std::chrono::seconds local_utc_offset(Timestamp time) {
    const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    std::tm local{};
    return std::chrono::seconds(::localtime_r(&seconds, &local) != nullptr ? local.tm_gmtoff : 0);
}

}  // namespace sslsniff
