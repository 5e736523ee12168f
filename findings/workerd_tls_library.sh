#!/bin/bash
# workerd's fetch() changed its TLS library between 1.20250705.0 and 1.20261117.1: from BoringSSL (C++, kj/compat/tls.c++) to
# rustls. One would expect a program that ships BoringSSL, and still does for WebCrypto, to speak TLS by it. What tells the
# two apart from outside is how each refuses a certificate that openssl req -x509 makes (self-signed, and a CA):
#
#   1.20250705.0   kj/compat/tls.c++: TLS peer's certificate is not trusted; reason = self signed certificate
#   1.20261117.1   rust/worker/ffi.rs: TLS handshake failed: invalid peer certificate: ... CaUsedAsEndEntity
#
# So a tool that looks for BoringSSL's functions in the newer one attaches to code that no connection reaches. Needs npm,
# openssl, python3 and curl; fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
pids=()
cleanup() {
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
    rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder"

npm init -y >/dev/null
npm install --no-audit --no-fund --silent before@npm:@cloudflare/workerd-linux-64@1.20250705.0 \
    after@npm:@cloudflare/workerd-linux-64@1.20261117.1
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 2>/dev/null
python3 -c '
import http.server, ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()' >port 2>/dev/null &
pids+=($!)
until [ -s port ]; do sleep 0.1; done

cat >worker.capnp <<EOF
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
    services = [
        (name = "main", worker = (compatibilityDate = "2024-01-01", modules = [(name = "main",
            esModule = "export default { async fetch() { return fetch('https://127.0.0.1:$(cat port)/') } }")])),
        (name = "internet", network = (allow = ["private", "public"], tlsOptions = (trustBrowserCas = true)))],
    sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]);
EOF

status=0
for version in before after; do
    node_modules/$version/bin/workerd serve worker.capnp --control-fd=9 9>"$version.ready" >"$version.log" 2>&1 &
    pids+=($!)
    for _ in $(seq 100); do grep -q '"port"' "$version.ready" 2>/dev/null && break; sleep 0.1; done
    curl -s -o /dev/null "http://127.0.0.1:$(grep -o '"port": *[0-9]*' "$version.ready" | grep -o '[0-9]*' | head -n 1)/"
    sleep 1
    case $version in
        before) expected='kj/compat/tls\.c\+\+:[0-9]+: failed: TLS peer.s certificate is not trusted' ;;
        after) expected='rust/.*: failed: TLS handshake failed: invalid peer certificate: .*CaUsedAsEndEntity' ;;
    esac
    echo "$(node_modules/$version/bin/workerd --version): $(grep -oE "$expected" "$version.log" | head -n 1 || true)"
    grep -qE "$expected" "$version.log" || { echo "changed: $version says otherwise:"; head -n 3 "$version.log"; status=1; }
done
exit $status
