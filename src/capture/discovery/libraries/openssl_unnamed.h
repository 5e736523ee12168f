#pragma once

#include "capture/discovery/library.h"

namespace sslsniff {

/// Functions of an OpenSSL or BoringSSL that was linked into a program without symbols, found by the errors
/// that they report: the source file, and
///
/// - OpenSSL 3: the name of the function, as ERR_raise() gives it to ERR_set_debug();
/// - OpenSSL 1.1: a number for the function, which openssl/sslerr.h and bioerr.h fix (ERR_put_error());
/// - BoringSSL: reasons which few functions have (OPENSSL_PUT_ERROR; openssl/ssl.h numbers them), and how
/// those call
///   each other. SSL_read() and SSL_peek() are the two that call the one that does the reading; SSL_read()
///   stores how far it has come.
///
/// Names that two functions seem to have are left out. Empty when it is none of these.
UnnamedParts find_unnamed_openssl(const ElfImage& image);

}  // namespace sslsniff
