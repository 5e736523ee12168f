#!/bin/bash
# CLI11's configuration files (set_config, "TOML/INI") know no # inside quotes: what stands between there and the end of the line is
# dropped as a comment, the closing quote too, without an error. TOML 1.0 and CLI11's own writer quote such values. With CLI11 2.1.2:
#
#   name = "a#b"     --name is  "a      (with the opening quote)
#   name = "a;b"     --name is  a;b
#
# So passwords and expressions with # are cut silently; a program that reads them should parse TOML by a library that is one, and hand CLI11
# the result (CLI::Config). Needs apt-get (Debian 12), dpkg and g++; fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

apt-get download -qq libcli11-dev=2.1.2+ds-1 2>/dev/null
dpkg -x libcli11-dev*.deb root
cat >program.cpp <<'END'
#include <CLI/CLI.hpp>
#include <iostream>

int main(int argc, char** argv) {
    CLI::App app;
    std::string name;
    app.add_option("--name", name);
    app.set_config("--config");
    CLI11_PARSE(app, argc, argv);
    std::cout << name << '\n';
}
END
g++ -std=c++17 -isystem root/usr/include program.cpp -o program

status=0
expect() { # VALUE SEEN
    printf 'name = "%s"\n' "$1" >program.toml
    local seen
    seen=$(./program --config program.toml)
    echo "name = \"$1\": $seen"
    [ "$seen" = "$2" ] || { echo "changed: it was $2"; status=1; }
}
expect 'a#b' '"a'
expect 'a;b' 'a;b'
exit $status
