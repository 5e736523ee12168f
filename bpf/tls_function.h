/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* The TLS library functions we probe, as numbered between kernel and user space. C and C++. */
#ifndef SSLSNIFF_TLS_FUNCTION_H
#define SSLSNIFF_TLS_FUNCTION_H

enum tls_function {
	TLS_FN_NONE,
	/* payload */
	TLS_FN_READ,            /* int SSL_read(ssl, buf, num) */
	TLS_FN_READ_EX,         /* int SSL_read_ex(ssl, buf, num, size_t *readbytes) */
	TLS_FN_READ_EARLY_DATA, /* int SSL_read_early_data(ssl, buf, num, size_t *readbytes): 0 error 1 success 2 finish */
	TLS_FN_PEEK,            /* as SSL_read; the octets come again with the next read */
	TLS_FN_PEEK_EX,
	TLS_FN_WRITE,            /* int SSL_write(ssl, buf, num) */
	TLS_FN_WRITE_EX,         /* int SSL_write_ex(ssl, buf, num, size_t *written) */
	TLS_FN_WRITE_EX2,        /* int SSL_write_ex2(ssl, buf, num, uint64_t flags, size_t *written): OpenSSL 3.3 */
	TLS_FN_WRITE_EARLY_DATA, /* int SSL_write_early_data(ssl, buf, num, size_t *written) */
	/* the function that X and X_ex both call: (ssl, buf, num, size_t *done), or with flags before done */
	TLS_FN_READ_INTERNAL,
	TLS_FN_PEEK_INTERNAL,
	TLS_FN_WRITE_INTERNAL,
	TLS_FN_WRITE_INTERNAL_FLAGS,
	/* life of the session */
	TLS_FN_DO_HANDSHAKE,
	TLS_FN_CONNECT,
	TLS_FN_ACCEPT,
	TLS_FN_SHUTDOWN,
	TLS_FN_FREE,
	TLS_FN_CLEAR,
	TLS_FN_SET_FD,             /* SSL_set_fd, SSL_set_rfd, SSL_set_wfd */
	TLS_FN_SET_BIO,            /* SSL_set_bio, SSL_set0_rbio, SSL_set0_wbio */
	TLS_FN_GET0_ALPN_SELECTED, /* void SSL_get0_alpn_selected(ssl, const uchar **data, unsigned *len) */
	TLS_FN_SET_CONNECT_STATE,  /* void SSL_set_connect_state(ssl): it is a client's, and new */
	TLS_FN_SET_ACCEPT_STATE,
	/* ciphertext side of memory BIOs */
	TLS_FN_BIO_READ,
	TLS_FN_BIO_WRITE,
	/* what X and X_ex both call: (bio, buf, num, size_t *done) */
	TLS_FN_BIO_READ_INTERNAL,
	TLS_FN_BIO_WRITE_INTERNAL,
	TLS_FN_COUNT
};

#endif
