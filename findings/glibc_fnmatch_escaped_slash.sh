#!/bin/bash
# fnmatch(3) of glibc 2.36 (Debian 12's libc6 2.36-9+deb12u14) with FNM_PATHNAME: a slash that is escaped in the pattern does not
# match when a "*" stands right before it.
#
#   pattern   string   FNM_PATHNAME   without
#   */out     a/out    matches        matches
#   *\/out    a/out    no match       matches
#   a\/out    a/out    matches        matches
#
# POSIX (XCU 2.14.1) lets a backslash stand before any character, which then means itself, so a program that makes a pattern of
# a text by putting a backslash before each character, for safety, expects the first two lines to be equal. With musl 1.2.3
# they are. Escape only what patterns give a meaning: * ? [ and the backslash.
# Needs apt, dpkg and gcc; fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq libc6=2.36-9+deb12u14 musl=1.2.3-1 musl-dev=1.2.3-1 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done

cat >try.c <<'END'
#include <fnmatch.h>
#include <stdio.h>
int main(void) {
    const char *patterns[] = {"*/out", "*\\/out", "a\\/out"};
    for (int i = 0; i < 3; i++)
        printf("%d%d ", !fnmatch(patterns[i], "a/out", FNM_PATHNAME), !fnmatch(patterns[i], "a/out", 0));
    return 0;
}
END
triplet=x86_64-linux
gcc -o with_glibc try.c
gcc -nostdinc -isystem "root/usr/include/$triplet-musl" -nostdlib -static -o with_musl \
    "root/usr/lib/$triplet-musl/crt1.o" try.c "root/usr/lib/$triplet-musl/libc.a"
glibc=$("root/lib/$triplet-gnu/ld-linux-x86-64.so.2" --library-path "root/lib/$triplet-gnu" ./with_glibc)
musl=$(./with_musl)
echo "glibc 2.36: $glibc(expected 11 01 11)"
echo "musl 1.2.3: $musl(expected 11 11 11)"
[ "$glibc" = "11 01 11 " ] && [ "$musl" = "11 11 11 " ]
