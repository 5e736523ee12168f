/* client PORT CONNECTIONS EXCHANGES NAME: nothing unusual. */
#include "program.h"

/* Debuggers stop here. */
__attribute__((noinline)) void one_exchange(SSL* ssl, const char* target) {
    exchange(ssl, target, 100);
}

int main(int argc, char** argv) {
    int connections = number(argc, argv, 2), exchanges = number(argc, argv, 3);
    if (argc != 5)
        fail("no name");
    begin(argc, argv);
    for (int i = 0; i < connections; ++i) {
        SSL* ssl = connect_tls(NULL);
        for (int k = 0; k < exchanges; ++k) {
            char target[kTarget];
            snprintf(target, sizeof(target), "/%.20s/%d/%d", argv[4], i, k);
            one_exchange(ssl, target);
        }
        finish(ssl);
    }
    tell_all();
    return 0;
}
