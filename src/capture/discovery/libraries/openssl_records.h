#pragma once

#include <vector>

#include "capture/discovery/attach_plan.h"
#include "capture/discovery/elf_image.h"
#include "capture/discovery/libraries/openssl_methods.h"

namespace sslsniff {

/// Places inside OpenSSL's record layer that the plaintext of every record passes once, with all that is to
/// be known of it at hand: one probe there replaces those at the beginning and end of each call, also of
/// calls that move nothing.
///
/// - Written: the call of ssl3_write_pending() behind the four stores that say what is pending (wpend_tot,
///   wpend_type, wpend_ret, wpend_buf, next to each other in this order). Not passed again when the socket is
///   full. OpenSSL 1.1.0 to 3.1; from 3.2 on records are written through a table of functions without the
///   session.
/// - Read: the call of memcpy() in ssl3_read_bytes() from where a record's data and offset are added. Passed
///   for every piece that is copied, also for handshake messages: the record tells its type. 1.1.0 to 3.5
///   seen.
///
/// Found by these shapes in the functions of the method tables and what they call; empty when one is not
/// there.
std::vector<ProbedFunction> find_record_sites(const ElfImage& image, MethodTables& methods);

}  // namespace sslsniff
