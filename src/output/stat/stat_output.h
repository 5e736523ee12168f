#pragma once

#include <memory>

#include "output/output.h"
#include "output/output_context.h"

namespace sslsniff {

std::unique_ptr<Output> make_stat_output(const OutputPlace& place, const OutputContext& context);
std::unique_ptr<Output> make_stat_json_output(const OutputPlace& place, const OutputContext& context);

}  // namespace sslsniff
