#!/bin/bash
# Debian 12's rapidjson-dev (1.1.0+dfsg2-7.1) is a header library that g++ 12 compiles, and clang 19 does not, in any language
# version, as soon as <rapidjson/document.h> is included, whether or not anything of it is used:
#
#   document.h:319: error: cannot assign to non-static data member 'length' with const-qualified type 'const SizeType'
#
# The assignment operator of GenericStringRef assigns to a const member. It is never called; compilers that check templates
# only when they are used accept it, and clang 19 finds it when it reads the header. <rapidjson/reader.h>, its parser by
# events, compiles with both. So a project that means to be clean under both compilers takes the reader, or another library.
# Needs apt, dpkg, g++-12 and clang-19; fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq rapidjson-dev=1.1.0+dfsg2-7.1 2>/dev/null
dpkg -x rapidjson-dev_*.deb root

compiles() { # COMPILER HEADER
    printf '#include <rapidjson/%s>\nint main() {}\n' "$2" >try.cpp
    "$1" -std=c++17 -w -fsyntax-only -Iroot/usr/include try.cpp 2>errors
}
changed=0
expect() { # COMPILER HEADER yes|no
    local found=no
    ! compiles "$1" "$2" || found=yes
    echo "$1 $2: $found"
    grep -oE '[a-z]+\.h:[0-9]+:[0-9]+: error: .*' errors | head -n 1 | sed 's/^/    /' || true
    [ "$found" = "$3" ] || { echo "changed: expected $3"; changed=1; }
}
expect g++-12 document.h yes
expect clang++-19 document.h no
expect g++-12 reader.h yes
expect clang++-19 reader.h yes
exit $changed
