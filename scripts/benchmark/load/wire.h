/* The wire as the load generator needs it: byte buffers, client-side WebSocket frames, and
 * a scanner for the top level of one JSON object. No rule about messages is here: see load.c. */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OPCODE_TEXT = 1, OPCODE_CLOSE = 8, OPCODE_PING = 9, OPCODE_PONG = 10 };

/* A piece of somebody else's memory. */
struct text {
    const char *at;
    size_t length;
};

/* Bytes waiting between `start` and `end`. */
struct buffer {
    char *data;
    size_t start, end, room;
};

struct frame {
    int opcode;
    struct text payload; /* valid until the buffer is written to again */
};

/* The fields that any message from the hub may have, as they stand in it: strings without
 * their quotes and still escaped, everything else as written. Absent means length 0. */
struct message {
    struct text type, task_id, generation, ref, ids, state, heartbeat_ms;
};

/* Makes room for `more` bytes behind `end`; ends the program when there is no memory. */
void buffer_reserve(struct buffer *buffer, size_t more);
struct text buffer_held(const struct buffer *buffer);
void buffer_drop(struct buffer *buffer, size_t count);

/* Appends one masked frame. */
void frame_put(struct buffer *out, int opcode, struct text payload);
/* Takes one whole frame: 1 taken, 0 not all there yet, -1 not a frame we can read. */
int frame_take(struct buffer *in, struct frame *frame);

/* False when the text is not one JSON object; what stands inside its values is not judged. */
bool message_scan(struct text json, struct message *message);
bool text_is(struct text text, const char *word);
/* The first string inside a JSON array of strings. */
struct text first_string(struct text array);
uint64_t text_number(struct text text);

#endif
