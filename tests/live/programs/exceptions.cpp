/*
 * exceptions PORT EXCHANGES: a BIO that throws instead of returning "would block", through SSL_read,
 * SSL_write and SSL_connect, as C++ wrappers do that tell errors and interruptions so.
 */
#include "program.h"

#include <stdexcept>
#include <string>

namespace {

int destroyed, thrown_by_write, thrown_by_read;
bool may_not_write;

struct WouldBlock : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Guard {
    ~Guard() { ++destroyed; }
};

int receive(BIO* bio, char* to, int size) {
    Guard guard;
    const auto result = recv(descriptor(bio), to, static_cast<std::size_t>(size), MSG_DONTWAIT);
    if (result < 0 && errno == EAGAIN)
        throw WouldBlock("nothing to read");
    return static_cast<int>(result);
}

int transmit(BIO* bio, const char* from, int size) {
    Guard guard;
    if (may_not_write)
        throw WouldBlock("no room");
    return static_cast<int>(send(descriptor(bio), from, static_cast<std::size_t>(size), 0));
}

void wait_for_bytes(SSL* ssl) {
    pollfd entry{socket_of(ssl), POLLIN, 0};
    if (poll(&entry, 1, -1) != 1)
        fail("poll failed");
}

/* What SSL_read returns, and how often it threw before that. */
int read_after_throwing(SSL* ssl, char* to, int size, bool wait) {
    for (;;) {
        const int before = destroyed;
        try {
            Guard guard;
            return SSL_read(ssl, to, size);
        } catch (const WouldBlock& error) {
            if (std::string(error.what()) != "nothing to read" || destroyed < before + 2)
                fail("not the exception, or its way was not cleared");
            ++thrown_by_read;
        }
        if (!wait)
            return -1;
        wait_for_bytes(ssl);
    }
}

void write_after_throwing(SSL* ssl, const std::string& request) {
    const int before = destroyed;
    try {
        may_not_write = true;
        Guard guard;
        SSL_write(ssl, request.data(), static_cast<int>(request.size()));
        fail("SSL_write did not throw");
    } catch (const WouldBlock&) {
        if (destroyed != before + 2)
            fail("the way of an exception was not cleared");
        ++thrown_by_write;
    }
    may_not_write = false;
    if (SSL_write(ssl, request.data(), static_cast<int>(request.size())) != static_cast<int>(request.size()))
        fail("SSL_write failed after an exception");
}

void take(SSL* ssl, const std::string& target) {
    answer so_far{};
    char bytes[512];
    int size = 0;
    do {
        size = read_after_throwing(ssl, bytes, sizeof(bytes), true);
        if (size <= 0)
            fail("SSL_read returned %d, error %d", size, SSL_get_error(ssl, size));
    } while (!add_to_answer(&so_far, bytes, size, target.c_str()));
    tell_exchange(ssl, target.c_str());
}

std::string request_for(const std::string& target) {
    return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

void throw_out_of_connect(BIO_METHOD* throwing) {
    try {
        may_not_write = true;
        connect_tls(throwing);
        fail("SSL_connect did not throw");
    } catch (const WouldBlock&) {
        may_not_write = false;
    }
}

}  // namespace

int main(int argc, char** argv) {
    const int exchanges = number(argc, argv, 2);
    BIO_METHOD* throwing = new_method(receive, transmit);
    begin(argc, argv);
    throw_out_of_connect(throwing);
    SSL* ssl = connect_tls(nullptr);
    BIO* bio = BIO_new(throwing);
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<long>(socket_of(ssl))));
    SSL_set_bio(ssl, bio, bio);
    for (int i = 0; i < exchanges; ++i) {
        const std::string held = "/held/" + std::to_string(i), release = "/release/" + std::to_string(i);
        char byte = 0;
        write_after_throwing(ssl, request_for(held));
        for (int k = 0; k < 3; ++k)
            if (read_after_throwing(ssl, &byte, 1, false) != -1)
                fail("an answer too early");
        write_after_throwing(ssl, request_for(release));
        take(ssl, held);
        take(ssl, release);
    }
    finish(ssl);
    if (thrown_by_write != 2 * exchanges || thrown_by_read < 3 * exchanges)
        fail("%d and %d exceptions", thrown_by_write, thrown_by_read);
    tell_all();
    return 0;
}
