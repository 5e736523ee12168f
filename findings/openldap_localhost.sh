#!/bin/bash
# OpenLDAP's clients do not accept a certificate for "localhost" from ldaps://localhost: where the name is that one, libldap
# looks for the name of the host itself instead (ldap_int_tls_connect(), as built with GnuTLS in Debian 12). curl, wget and openssl
# check the name that was asked for. By address, with that address in the certificate, all is well:
#
#   ldaps://localhost   TLS: hostname (vm) does not match common name in certificate (localhost).
#   ldaps://127.0.0.1   the handshake succeeds
#
# So a test that gives servers one certificate for "localhost" has to call LDAP servers by address. Needs apt-get (Debian 12),
# dpkg, openssl and python3, and a host that is not itself named localhost; fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
pids=()
cleanup() {
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
    rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder"
[ "$(hostname)" != localhost ] || { echo "this host is named localhost"; exit 1; }

apt-get download -qq ldap-utils=2.5.13+dfsg-5 libldap-2.5-0=2.5.13+dfsg-5 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null
python3 -c '
import socket, ssl, threading
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    try:
        with context.wrap_socket(listener.accept()[0], server_side=True) as client:
            client.recv(1000)
    except OSError:
        pass' >port &
pids+=($!)
until [ -s port ]; do sleep 0.1; done
port=$(cat port)

search() {
    LDAPTLS_CACERT=$folder/cert.pem LD_LIBRARY_PATH=$folder/root/usr/lib/x86_64-linux-gnu timeout 5 \
        root/usr/bin/ldapsearch -x -d 1 -H "ldaps://$1:$port" -b dc=test 2>&1 || true
}
status=0
root/usr/bin/ldapsearch -VV 2>&1 | head -n 1
by_name=$(search localhost | grep -E 'TLS: .*does not match' || true)
echo "ldaps://localhost: ${by_name:-accepted}"
[ -n "$by_name" ] || { echo "changed: the certificate for localhost is accepted"; status=1; }
by_address=$(search 127.0.0.1)
if grep -q "TLS: " <<<"$by_address" || ! grep -q "^read1msg" <<<"$by_address"; then
    echo "changed: the certificate for 127.0.0.1 is not accepted: $(grep TLS <<<"$by_address" | head -n 1)"
    status=1
else
    echo "ldaps://127.0.0.1: accepted"
fi
exit $status
