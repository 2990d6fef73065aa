#define _GNU_SOURCE
#include "dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TRIES = 10, ANSWER_ROOM = 4096 };

static int reach(int port)
{
    struct sockaddr_in hub = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    hub.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&hub, sizeof hub) < 0) {
        fprintf(stderr, "cannot connect to port %d: %s\n", port, strerror(errno));
        exit(3);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return fd;
}

static bool upgraded(int fd, int port, const char *token, struct buffer *in)
{
    char request[1024];
    int length = snprintf(request, sizeof request,
                          "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                          "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Key: Y29ycmFsIGJlbmNobWFyaw==\r\n"
                          "Sec-WebSocket-Version: 13\r\nAuthorization: Bearer %s\r\n\r\n",
                          port, token);
    if (send(fd, request, (size_t)length, MSG_NOSIGNAL) != length)
        return false;
    for (;;) {
        buffer_reserve(in, ANSWER_ROOM);
        ssize_t got = recv(fd, in->data + in->end, ANSWER_ROOM, 0);
        if (got <= 0)
            return false;
        in->end += (size_t)got;
        struct text held = buffer_held(in);
        char *blank = memmem(held.at, held.length, "\r\n\r\n", 4);
        if (blank != NULL) {
            bool taken = held.length > 12 && memcmp(held.at, "HTTP/1.1 101", 12) == 0;
            if (taken)
                buffer_drop(in, (size_t)(blank - held.at) + 4);
            return taken;
        }
    }
}

/* Whether asking again is in vain: every client error but 429, too many requests. */
static bool is_final(struct text answer)
{
    if (answer.length < 12 || answer.at[9] != '4')
        return false;
    return memcmp(answer.at + 9, "429", 3) != 0;
}

int dial_hub(int port, const char *token, struct buffer *in)
{
    for (int tries = 0; tries < TRIES; tries++) {
        int fd = reach(port);
        if (upgraded(fd, port, token, in))
            return fd;
        struct text answer = buffer_held(in);
        size_t line = 0;
        while (line < answer.length && answer.at[line] != '\r')
            line++;
        fprintf(stderr, "upgrade refused: %.*s\n", (int)line, line ? answer.at : "");
        if (is_final(answer))
            exit(3);
        in->start = in->end = 0;
        close(fd);
        sleep(1);
    }
    exit(3);
}
