/* A server and a client with NSS: peer.h. */
#include <nspr/nspr.h>
#include <nspr/private/pprio.h>
#include <nss/cert.h>
#include <nss/keyhi.h>
#include <nss/nss.h>
#include <nss/nssb64.h>
#include <nss/pk11pub.h>
#include <nss/secerr.h>
#include <nss/ssl.h>
#include <nss/sslproto.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

static struct options options;
static CERTCertificate* certificate;
static SECKEYPrivateKey* key;
static PRDescIdentity layer_identity;

static void check(SECStatus status, const char* what) {
    if (status != SECSuccess)
        fail("%s: %s", what, PR_ErrorToName(PR_GetError()));
}

/* What stands between the first BEGIN and END of a file in PEM format, decoded. */
static SECItem read_pem(const char* path) {
    static char text[16384];
    FILE* file = fopen(path, "r");
    size_t size = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
    text[size] = '\0';
    char *begin = strstr(text, "-----BEGIN"), *end = strstr(text, "\n-----END");
    SECItem item = {siBuffer, NULL, 0};
    if (!begin || !end || !(begin = strchr(begin, '\n')) ||
        !NSSBase64_DecodeBuffer(NULL, &item, begin, (unsigned)(end - begin)))
        fail("%s is not in PEM format", path);
    fclose(file);
    return item;
}

static SECStatus is_expected(void* unused, PRFileDesc* fd, PRBool signature, PRBool server) {
    CERTCertificate* theirs = SSL_PeerCertificate(fd);
    (void)unused, (void)signature, (void)server;
    SECStatus status = CERT_CompareCerts(theirs, certificate) ? SECSuccess : SECFailure;
    CERT_DestroyCertificate(theirs);
    return status;
}

void begin_library(const struct options* given) {
    options = *given;
    if (options.memory || options.cork || options.packets)
        fail("no such option with NSS");
    check(NSS_NoDB_Init(NULL), "NSS_NoDB_Init");
    check(NSS_SetDomesticPolicy(), "NSS_SetDomesticPolicy");
    check(SSL_OptionSetDefault(SSL_NO_CACHE, PR_TRUE), "SSL_NO_CACHE");
    SECItem item = read_pem(options.certificate);
    certificate = CERT_NewTempCertificate(CERT_GetDefaultCertDB(), &item, NULL, PR_FALSE, PR_TRUE);
    if (!certificate)
        fail("the certificate cannot be used");
    if (options.key) {
        item = read_pem(options.key);
        check(PK11_ImportDERPrivateKeyInfoAndReturnKey(PK11_GetInternalKeySlot(), &item, NULL, NULL, PR_FALSE,
                                                       PR_FALSE, KU_ALL, &key, NULL),
              "the key cannot be used");
    }
    layer_identity = PR_GetUniqueIdentity("peer");
}

void* open_session(int socket) {
    static const unsigned char protocol[] = "\x08http/1.1";
    SSLVersionRange versions = {SSL_LIBRARY_VERSION_TLS_1_2,
                                options.tls12 ? SSL_LIBRARY_VERSION_TLS_1_2 : SSL_LIBRARY_VERSION_TLS_1_3};
    PRSocketOptionData blocking = {.option = PR_SockOpt_Nonblocking,
                                   .value.non_blocking = options.nonblocking};
    PRFileDesc* fd = PR_ImportTCPSocket(socket);
    PR_SetSocketOption(fd, &blocking);
    fd = SSL_ImportFD(NULL, fd);
    if (!fd)
        fail("SSL_ImportFD: %s", PR_ErrorToName(PR_GetError()));
    check(SSL_VersionRangeSet(fd, &versions), "SSL_VersionRangeSet");
    check(SSL_SetNextProtoNego(fd, protocol, sizeof(protocol) - 1), "SSL_SetNextProtoNego");
    if (options.is_server) {
        check(SSL_ConfigServerCert(fd, certificate, key, NULL, 0), "SSL_ConfigServerCert");
    } else {
        check(SSL_SetURL(fd, "localhost"), "SSL_SetURL");
        SSL_AuthCertificateHook(fd, is_expected, NULL);
    }
    check(SSL_ResetHandshake(fd, options.is_server), "SSL_ResetHandshake");
    if (options.layered) {
        /* as Firefox does: what was the address of the TLS layer is that of the new one from now on */
        PRFileDesc* layer = PR_CreateIOLayerStub(layer_identity, PR_GetDefaultIOMethods());
        layer->secret = (void*)fd;
        if (PR_PushIOLayer(fd, PR_TOP_IO_LAYER, layer) != PR_SUCCESS)
            fail("PR_PushIOLayer");
    }
    return fd;
}

/* What became of a call. */
static int outcome(PRInt32 result) {
    if (result >= 0)
        return result;
    PRErrorCode error = PR_GetError();
    if (error == PR_WOULD_BLOCK_ERROR)
        return kAgain;
    if (error == PR_CONNECT_RESET_ERROR || error == PR_END_OF_FILE_ERROR)
        return kEnd;
    fail("%s", PR_ErrorToName(error));
}

int shake_hands(void* session) {
    char protocol[16];
    unsigned length = 0;
    SSLNextProtoState state;
    if (SSL_ForceHandshake(session) != SECSuccess)
        return outcome(-1);
    PRFileDesc* own = options.layered ? ((PRFileDesc*)session)->lower : session;
    check(SSL_GetNextProto(own, &state, (unsigned char*)protocol, &length, sizeof(protocol)),
          "SSL_GetNextProto");
    if (length != 8)
        fail("no protocol was agreed upon");
    return 1;
}

/* By turns in each of the ways there are. */
int receive(void* session, char* to, int size) {
    static int turn;
    return outcome(++turn % 2 ? PR_Recv(session, to, size, 0, PR_INTERVAL_NO_TIMEOUT)
                              : PR_Read(session, to, size));
}

int peek(void* session, char* to, int size) {
    return outcome(PR_Recv(session, to, size, PR_MSG_PEEK, PR_INTERVAL_NO_TIMEOUT));
}

int transmit(void* session, const char* from, int size) {
    static int turn;
    if (++turn % 3 == 0 && size > 100 && !options.nonblocking) {
        PRIOVec pieces[] = {{(char*)from, 10}, {(char*)from + 10, size - 100}, {(char*)from + size - 90, 90}};
        return outcome(PR_Writev(session, pieces, 3, PR_INTERVAL_NO_TIMEOUT));
    }
    return outcome(turn % 3 == 1 ? PR_Send(session, from, size, 0, PR_INTERVAL_NO_TIMEOUT)
                                 : PR_Write(session, from, size));
}

void close_session(void* session) {
    PR_Close(session);
}
