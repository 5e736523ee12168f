#pragma once

#include "base/bytes.h"

namespace sslsniff::hpack {

/// Decodes a Huffman-coded string literal (RFC 7541 section 5.2 and appendix B), appending to `out`. False
/// when it is not well-formed: EOS inside, or padding that is not 0 to 7 one bits. `out` then holds what
/// decoded before the fault. The result is at most 8/5 of the size of `coded`.
bool huffman_decode(ByteView coded, Bytes& out);

}  // namespace sslsniff::hpack
