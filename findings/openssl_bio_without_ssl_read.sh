#!/bin/bash
# A probe on SSL_read and SSL_write does not see every program that uses OpenSSL 3.0: one that reads and writes through a BIO (BIO_f_ssl, as
# BIO_new_ssl_connect() makes it) passes neither. The BIO calls the internal function that both share with SSL_read_ex; the handshake, when
# it happens within such a read, passes no SSL_do_handshake either. "openssl s_server -www" is such a program, without -www it is not:
#
#                          SSL_read   SSL_do_handshake
#   openssl s_server -www         0                  0    one page was served
#   openssl s_server      1 or more          1 or more    one connection
#
# Who traces public functions alone has nothing of such connections. Needs apt-get (Debian 12), dpkg, gdb and curl; fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
pids=()
cleanup() {
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
    rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder"

apt-get download -qq openssl=3.0.22-1~deb12u2 libssl3=3.0.22-1~deb12u2 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH=$folder/root/usr/lib/x86_64-linux-gnu
openssl=root/usr/bin/openssl
$openssl version
$openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost 2>/dev/null

# serve PORT OPTION...: a server whose calls are counted, until it has had one client; prints the counts.
serve() {
    local port=$1 out=counts.$1
    shift
    cat >commands <<'END'
set breakpoint pending on
set pagination off
handle SIGPIPE nostop noprint
break SSL_read
break SSL_do_handshake
ignore 1 1000000
ignore 2 1000000
run
info breakpoints
END
    gdb -q -batch -x commands --args $openssl s_server -accept "127.0.0.1:$port" -cert cert.pem -key key.pem -naccept 1 "$@" < <(sleep 8) >"$out" 2>&1 &
    pids+=($!)
    for _ in $(seq 100); do
        LD_LIBRARY_PATH='' curl -sk -m 1 "https://127.0.0.1:$port/" -o page && break
        grep -q "exited" "$out" && break
        sleep 0.3
    done
    wait "${pids[-1]}" || true
    unset 'pids[-1]'
    for function in SSL_read SSL_do_handshake; do
        # "already hit N times" stands behind the breakpoint's line, when it was hit.
        grep -A 1 -E "<$function(\+[0-9]+)?>" "$out" | sed -n 's/.*already hit \([0-9]*\) time.*/\1/p' | grep . || echo 0
    done
}

port=$((20000 + RANDOM % 10000))
status=0
mapfile -t page < <(serve "$port" -www)
served=$(grep -c "server accepts that finished" page || true)
echo "openssl s_server -www: SSL_read ${page[0]}, SSL_do_handshake ${page[1]}; pages served: $served"
[ "${page[0]} ${page[1]}" = "0 0" ] && [ "$served" -gt 0 ] || { echo "changed: -www passes the public functions, or serves nothing"; status=1; }
mapfile -t plain < <(serve "$((port + 1))")
echo "openssl s_server: SSL_read ${plain[0]}, SSL_do_handshake ${plain[1]}"
[ "${plain[0]}" -gt 0 ] && [ "${plain[1]}" -gt 0 ] || { echo "changed: without -www the public functions are not passed"; status=1; }
exit $status
