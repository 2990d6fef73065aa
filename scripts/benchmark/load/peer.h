/* One connected agent or submitter: what it has to say is gathered and leaves in one write. */
#ifndef PEER_H
#define PEER_H

#include "wire.h"

#include <sys/epoll.h>

#define TEXT_ROOM 1024

struct peer {
    int fd; /* below 0 when the peer is gone or was never there */
    bool submitter, unsent, blocked;
    int64_t heartbeat, next_ping;
    struct buffer in, out;
    struct peer *next_unsent;
};

/* Ends the program with status 3 and these words. */
__attribute__((format(printf, 1, 2), noreturn)) void die(const char *form, ...);

/* Where all peers are waited for; call before any other. */
int peers_open(void);
/* How many were lost so far. A lost submitter ends the program. */
int peers_lost(void);
void peer_watch(struct peer *peer, int verb, uint32_t events);
void peer_lose(struct peer *peer);

/* One text frame; it leaves with the next flush. */
__attribute__((format(printf, 2, 3))) void peer_say(struct peer *peer, const char *form, ...);
void peer_put(struct peer *peer, int opcode, struct text payload);
void peer_flush_later(struct peer *peer);
void peers_flush(void);

/* One read a turn: epoll tells again when more is there. False when the peer is gone. */
bool peer_receive(struct peer *peer);

#endif
