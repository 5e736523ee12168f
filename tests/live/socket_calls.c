/*
 * Ways of moving bytes that Python does not have. First argument: which; then ports. Both ends are in this
 * process. It begins when a line comes on stdin and says "done" at the end.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef WITH_URING
#include <liburing.h>
#endif

static void fail(const char* what) {
    perror(what);
    exit(1);
}

/* A pair of connected sockets on loopback. */
static void connect_pair(int type, int ends[2]) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, type, 0);
    if (bind(listener, (void*)&address, length) || getsockname(listener, (void*)&address, &length))
        fail("bind");
    if (type == SOCK_STREAM && listen(listener, 1))
        fail("listen");
    ends[0] = socket(AF_INET, type, 0);
    if (connect(ends[0], (void*)&address, length))
        fail("connect");
    if (type == SOCK_STREAM) {
        ends[1] = accept(listener, NULL, NULL);
        close(listener);
        return;
    }
    ends[1] = listener;
    if (getsockname(ends[0], (void*)&address, &length) || connect(listener, (void*)&address, length))
        fail("connect back");
}

/* 20 datagrams in calls of at most 8, received in calls of at most 5. One is empty. */
static void many_messages(void) {
    int ends[2], count = 20, received = 0;
    char out[20][32], in[20][64];
    struct iovec out_vector[20], in_vector[20];
    struct mmsghdr outgoing[20], incoming[20];
    connect_pair(SOCK_DGRAM, ends);
    memset(outgoing, 0, sizeof(outgoing));
    memset(incoming, 0, sizeof(incoming));
    for (int i = 0; i < count; i++) {
        int length = i == 7 ? 0 : snprintf(out[i], sizeof(out[i]), "datagram %d", i);
        out_vector[i] = (struct iovec){out[i], length};
        in_vector[i] = (struct iovec){in[i], sizeof(in[i])};
        outgoing[i].msg_hdr = (struct msghdr){.msg_iov = &out_vector[i], .msg_iovlen = 1};
        incoming[i].msg_hdr = (struct msghdr){.msg_iov = &in_vector[i], .msg_iovlen = 1};
    }
    for (int i = 0; i < count;) {
        int sent = sendmmsg(ends[0], outgoing + i, count - i < 8 ? count - i : 8, 0);
        if (sent <= 0)
            fail("sendmmsg");
        i += sent;
    }
    while (received < count) {
        int got = recvmmsg(ends[1], incoming + received, 5, MSG_WAITFORONE, NULL);
        if (got <= 0)
            fail("recvmmsg");
        received += got;
    }
}

/* A pipe's bytes go out, and come in, without passing through memory of this process. */
static void spliced(void) {
    int ends[2], out[2], in[2];
    connect_pair(SOCK_STREAM, ends);
    if (pipe(out) || pipe(in))
        fail("pipe");
    if (write(ends[0], "before", 6) != 6 || write(out[1], "spliced", 7) != 7)
        fail("write");
    if (splice(out[0], NULL, ends[0], NULL, 7, 0) != 7 || write(ends[0], "after", 5) != 5)
        fail("splice out");
    char bytes[16];
    if (recv(ends[1], bytes, 6, MSG_WAITALL) != 6 || splice(ends[1], NULL, in[1], NULL, 7, 0) != 7 ||
        recv(ends[1], bytes, 5, MSG_WAITALL) != 5)
        fail("splice in");
    close(ends[0]);
    close(ends[1]);
}

#ifdef WITH_URING
static int complete(struct io_uring* ring) {
    struct io_uring_cqe* completion;
    io_uring_submit(ring);
    if (io_uring_wait_cqe(ring, &completion))
        fail("io_uring_wait_cqe");
    int result = completion->res;
    io_uring_cqe_seen(ring, completion);
    return result;
}

/* Send and receive by io_uring, between bytes that go the usual way. */
static void uring(void) {
    int ends[2];
    char bytes[16];
    struct io_uring ring;
    if (io_uring_queue_init(8, &ring, 0)) {
        puts("unavailable");
        exit(0);
    }
    connect_pair(SOCK_STREAM, ends);
    if (send(ends[0], "before", 6, 0) != 6)
        fail("send");
    io_uring_prep_send(io_uring_get_sqe(&ring), ends[0], "by the ring", 11, 0);
    if (complete(&ring) != 11 || send(ends[0], "after", 5, 0) != 5)
        fail("io_uring send");
    if (recv(ends[1], bytes, 6, MSG_WAITALL) != 6)
        fail("recv");
    io_uring_prep_recv(io_uring_get_sqe(&ring), ends[1], bytes, 11, MSG_WAITALL);
    if (complete(&ring) != 11 || recv(ends[1], bytes, 5, MSG_WAITALL) != 5)
        fail("io_uring recv");
    close(ends[0]);
    close(ends[1]);
}
#endif

int main(int argc, char** argv) {
    char line[8];
    if (argc < 2 || !fgets(line, sizeof(line), stdin))
        return 2;
    if (!strcmp(argv[1], "mmsg"))
        many_messages();
    else if (!strcmp(argv[1], "splice"))
        spliced();
#ifdef WITH_URING
    else if (!strcmp(argv[1], "uring"))
        uring();
#endif
    puts("done");
    return 0;
}
