#include "separation/rights.h"

#include <unistd.h>

#include "separation/capabilities.h"
#include "separation/held_probes.h"
#include "separation/sandbox.h"

namespace sslsniff {

std::vector<ProcessRights> rights_of_a_capture(const FileOwner& user) {
    return {
        {.process = kAttacherName,
         .task = "attaches and makes files",
         .uid = ::geteuid(),
         .capabilities = kept_capabilities(
             {.probes = true, .sys_admin = HeldProbes::need_sys_admin({}), .files = true, .signals = false}),
         .filters_system_calls = false},
        {.process = "sslsniff",
         .task = "reads the traffic",
         .uid = ::geteuid() == 0 ? user.uid : ::geteuid(),
         .capabilities = {},
         .filters_system_calls = has_system_call_filter()}};
}

}  // namespace sslsniff
