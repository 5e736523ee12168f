#include <cstdio>

int main() {
    std::puts("sslsniff " SSLSNIFF_VERSION);
    return 0;
}
