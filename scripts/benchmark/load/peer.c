#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_ROOM 65536

static int poll_fd, lost;
static struct peer *first_unsent;

void die(const char *form, ...)
{
    va_list arguments;
    va_start(arguments, form);
    vfprintf(stderr, form, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(3);
}

int peers_open(void)
{
    poll_fd = epoll_create1(0);
    if (poll_fd < 0)
        die("epoll_create1: %s", strerror(errno));
    return poll_fd;
}

int peers_lost(void)
{
    return lost;
}

void peer_watch(struct peer *peer, int verb, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = peer};
    if (epoll_ctl(poll_fd, verb, peer->fd, &event) < 0)
        die("epoll_ctl: %s", strerror(errno));
}

void peer_lose(struct peer *peer)
{
    if (peer->submitter)
        die("the hub dropped the submitter");
    epoll_ctl(poll_fd, EPOLL_CTL_DEL, peer->fd, NULL);
    close(peer->fd);
    peer->fd = -1;
    lost++;
}

void peer_put(struct peer *peer, int opcode, struct text payload)
{
    frame_put(&peer->out, opcode, payload);
    peer_flush_later(peer);
}

void peer_say(struct peer *peer, const char *form, ...)
{
    char text[TEXT_ROOM];
    va_list arguments;
    va_start(arguments, form);
    int length = vsnprintf(text, sizeof text, form, arguments);
    va_end(arguments);
    if (length < 0 || length >= (int)sizeof text)
        die("a frame is longer than %d bytes", TEXT_ROOM);
    peer_put(peer, OPCODE_TEXT, (struct text){text, (size_t)length});
}

void peer_flush_later(struct peer *peer)
{
    if (peer->unsent)
        return;
    peer->unsent = true;
    peer->next_unsent = first_unsent;
    first_unsent = peer;
}

static void flush(struct peer *peer)
{
    struct text held = buffer_held(&peer->out);
    ssize_t sent = 0;
    if (held.length)
        sent = send(peer->fd, held.at, held.length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        peer_lose(peer);
        return;
    }
    if (sent > 0)
        buffer_drop(&peer->out, (size_t)sent);
    bool blocked = peer->out.start < peer->out.end;
    if (blocked != peer->blocked)
        peer_watch(peer, EPOLL_CTL_MOD, blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
    peer->blocked = blocked;
}

void peers_flush(void)
{
    while (first_unsent != NULL) {
        struct peer *peer = first_unsent;
        first_unsent = peer->next_unsent;
        peer->unsent = false;
        if (peer->fd >= 0)
            flush(peer);
    }
}

bool peer_receive(struct peer *peer)
{
    buffer_reserve(&peer->in, peer->submitter ? 4 * RECEIVE_ROOM : RECEIVE_ROOM / 4);
    ssize_t got = recv(peer->fd, peer->in.data + peer->in.end, peer->in.room - peer->in.end, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (got > 0)
        peer->in.end += (size_t)got;
    return got > 0;
}
