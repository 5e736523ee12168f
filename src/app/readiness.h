#pragma once

namespace sslsniff {

/// Tells whoever started us that every probe is in place, in the way of sd_notify(3): the datagram "READY=1"
/// to the unix socket that $NOTIFY_SOCKET names (its first character '@' stands for the abstract namespace).
/// Does nothing without that variable, and nothing when nobody listens: a capture does not fail because of
/// it.
void notify_ready();

}  // namespace sslsniff
