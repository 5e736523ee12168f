#pragma once

#include "capture/discovery/elf_image.h"

namespace sslsniff {

/// The functions by which NSS moves the payload of a socket that has TLS, under the names of its source
/// (lib/ssl/sslsecur.c): ssl_SecureRecv, ssl_SecureSend, ssl_SecureRead, ssl_SecureWrite, ssl_SecureShutdown
/// and ssl_SecureClose, each with the sslSocket as its first argument. They have no symbols; programs reach
/// them by PR_Read() and its like, through the methods of NSPR's layers and the socket's operations.
///
/// Found by the two tables of these (sslSocketOps in lib/ssl/sslimpl.h, the same from NSS 3.3 to 3.119 at
/// least): twelve pointers to functions of which the second is null (accept); bind, listen, getpeername and
/// getsockname are the same in both tables, the others differ. The table of sockets with TLS is the one whose
/// read and write go on in its own recv and send. Empty when that is not what is found.
ElfSymbols find_nss_operations(const ElfImage& image);

}  // namespace sslsniff
