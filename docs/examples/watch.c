/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch [--events] OPTION[=VALUE]...: captures by sslsniff's library, with the options of its command line
 * ("pid=4242", "read=trace", "show-secrets"), and prints each transaction, connection and loss as a line of
 * JSON; with --events, each event instead. Ctrl-C ends it.
 *
 *     cc -o watch watch.c $(pkg-config --cflags --libs sslsniff)
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <signal.h>
#include <sslsniff.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sslsniff_capture* capture;

static void end(int number) {
    (void)number;
    sslsniff_request_stop(capture);
}

static void print_line(void* context, const char* json, size_t length) {
    (void)context;
    fwrite(json, 1, length, stdout);
    putchar('\n');
}

/* Names are chosen by others: nothing of them may reach the terminal that is not a character. */
static void print_text(sslsniff_text text) {
    for (size_t at = 0; at < text.length; at++) {
        unsigned char c = (unsigned char)text.data[at];
        putchar(c > ' ' && c < 0x7f ? c : '?');
    }
}

static void print_address(const sslsniff_address* address) {
    char text[INET6_ADDRSTRLEN] = "?";

    if (address->family != 0)
        inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->bytes, text, sizeof(text));
    printf(address->family == 6 ? " [%s]:%u" : " %s:%u", text, address->port);
}

static const char* const kinds[] = {"", "process", "open", "socket", "tls", "data", "gap", "close", "loss"};
static const char* const message_types[] = {"message", "request", "response"};
static const char* const confidences[] = {"", "likely ", ""};

static void print_event(void* context, const sslsniff_event* event) {
    const sslsniff_connection* connection = event->connection;

    (void)context;
    /* A newer library may tell of kinds that this program does not know. */
    if (event->kind >= sizeof(kinds) / sizeof(*kinds))
        return;
    printf("%" PRId64 ".%09" PRId64 " %s", event->time_ns / 1000000000, event->time_ns % 1000000000,
           kinds[event->kind]);
    if (event->process) {
        putchar(' ');
        print_text(event->process->comm);
        printf("[%" PRIu32 "]", event->process->pid);
    }
    if (connection) {
        printf(" %" PRIu64 " ", connection->id);
        print_text(connection->name);
        print_address(&connection->local);
        print_address(&connection->remote);
        printf(" socket %" PRIu64 " by %s %s", connection->socket_cookie, connection->correlation,
               confidences[connection->protocol_confidence % 3]);
        print_text(connection->protocol);
    }
    if (event->kind == SSLSNIFF_EVENT_DATA || event->kind == SSLSNIFF_EVENT_GAP)
        printf(" %s %s at %" PRIu64 " of %" PRIu64 " bytes",
               event->direction == SSLSNIFF_SENT ? "sent" : "received",
               message_types[event->message_type % 3], event->position, event->length);
    if (event->kind == SSLSNIFF_EVENT_DATA) {
        uint32_t sum = 0;

        for (uint64_t at = 0; at < event->length; at++)
            sum = sum * 31 + event->data[at];
        printf(" thread %" PRIu32 " number %" PRIu64 " trace %" PRIu64 " sum %" PRIu32, event->tid,
               event->sequence, event->trace_id, sum);
    }
    if (event->has_tcp_seq)
        printf(" tcp %" PRIu32, event->tcp_seq);
    if (event->cause)
        printf(" %s", event->cause);
    if (event->reason)
        printf(" %s", event->reason);
    putchar('\n');
}

static void print_notice(void* context, const char* sentence) {
    (void)context;
    fprintf(stderr, "watch: %s\n", sentence);
}

static int set(char* argument) {
    char* value = strchr(argument, '=');

    if (value)
        *value++ = '\0';
    return sslsniff_set(capture, argument, value);
}

int main(int argc, char** argv) {
    sslsniff_statistics statistics = {.struct_size = sizeof(statistics)};
    int status = SSLSNIFF_OK;
    int events = 0;

    capture = sslsniff_new();
    if (!capture)
        return EXIT_FAILURE;
    for (int i = 1; i < argc && status == SSLSNIFF_OK; i++) {
        if (strcmp(argv[i], "--events") == 0)
            events = 1;
        else
            status = set(argv[i]);
    }
    if (events)
        sslsniff_on_event(capture, print_event, NULL);
    else
        sslsniff_on_line(capture, print_line, NULL);
    sslsniff_on_notice(capture, print_notice, NULL);
    signal(SIGINT, end);
    signal(SIGTERM, end);
    if (status == SSLSNIFF_OK)
        status = sslsniff_start(capture);
    while (status == SSLSNIFF_OK) {
        status = sslsniff_poll(capture, -1);
        fflush(stdout);
    }
    if (status < 0)
        fprintf(stderr, "watch: %s: %s\n", sslsniff_status_name(status), sslsniff_error(capture));
    if (sslsniff_read_statistics(capture, &statistics) == SSLSNIFF_OK)
        fprintf(stderr,
                "watch: %" PRIu64 " events, %" PRIu64 " transactions, %" PRIu64 " connections, %" PRIu64
                " events lost\n",
                statistics.events, statistics.transactions, statistics.connections, statistics.lost_events);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    sslsniff_free(capture);
    return status < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
