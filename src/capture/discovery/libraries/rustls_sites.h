#pragma once

#include "capture/discovery/library.h"

namespace sslsniff {

/// Where the payload of rustls passes, in programs with symbols or without: x86-64 code is searched for what
/// rustls's source says, never for offsets of a version.
///
/// - Written: RecordLayer::encrypt_outgoing() takes the number of the record, stores the next one, and calls
/// the
///   first method of `Box<dyn MessageEncrypter>` with it: (result, encrypter, message, number). The object of
///   that box lives as long as the keys do, while the connection's own state moves: it is the handle.
/// - Read: CommonState::take_received_plaintext() sets a counter to 32 (since rustls 0.23.27) and keeps the
/// payload it is
///   given.
///
/// Inlining makes copies of the first. All copies must find the box at the same place of the state, and the
/// second must be there once; else there is nothing to be probed.
///
/// rustls itself uses no socket: what a call of the encrypter made is a transport.
UnnamedParts find_rustls(const ElfImage& image);

}  // namespace sslsniff
