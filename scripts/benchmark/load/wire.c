#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buffer_reserve(struct buffer *buffer, size_t more)
{
    if (buffer->start == buffer->end)
        buffer->start = buffer->end = 0;
    if (buffer->room - buffer->end >= more)
        return;
    if (buffer->start > 0) {
        memmove(buffer->data, buffer->data + buffer->start, buffer->end - buffer->start);
        buffer->end -= buffer->start;
        buffer->start = 0;
    }
    size_t room = buffer->room ? buffer->room : 4096;
    while (room - buffer->end < more)
        room *= 2;
    if (room == buffer->room)
        return;
    buffer->data = realloc(buffer->data, room);
    if (buffer->data == NULL) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    buffer->room = room;
}

struct text buffer_held(const struct buffer *buffer)
{
    return (struct text){buffer->data + buffer->start, buffer->end - buffer->start};
}

void buffer_drop(struct buffer *buffer, size_t count)
{
    buffer->start += count;
}

/* Every frame gets another key, as RFC 6455 wants; nobody needs to be surprised by it here. */
static uint32_t next_mask(void)
{
    static uint32_t state = 0x9e3779b9;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static void mask_copy(char *to, const char *from, size_t length, uint32_t key)
{
    size_t done = 0;
    for (; done + 4 <= length; done += 4) {
        uint32_t word;
        memcpy(&word, from + done, 4);
        word ^= key;
        memcpy(to + done, &word, 4);
    }
    const char *bytes = (const char *)&key;
    for (; done < length; done++)
        to[done] = (char)(from[done] ^ bytes[done & 3]);
}

void frame_put(struct buffer *out, int opcode, struct text payload)
{
    buffer_reserve(out, payload.length + 14);
    unsigned char *at = (unsigned char *)out->data + out->end;
    *at++ = (unsigned char)(0x80 | opcode);
    if (payload.length < 126) {
        *at++ = (unsigned char)(0x80 | payload.length);
    } else if (payload.length < 65536) {
        *at++ = 0x80 | 126;
        *at++ = (unsigned char)(payload.length >> 8);
        *at++ = (unsigned char)payload.length;
    } else {
        *at++ = 0x80 | 127;
        for (int shift = 56; shift >= 0; shift -= 8)
            *at++ = (unsigned char)((uint64_t)payload.length >> shift);
    }
    uint32_t key = next_mask();
    memcpy(at, &key, 4);
    at += 4;
    mask_copy((char *)at, payload.at, payload.length, key);
    out->end = (size_t)((char *)at - out->data) + payload.length;
}

int frame_take(struct buffer *in, struct frame *frame)
{
    struct text held = buffer_held(in);
    const unsigned char *bytes = (const unsigned char *)held.at;
    if (held.length < 2)
        return 0;
    /* Whole, unmasked, without extensions: all that the hub sends. */
    if ((bytes[0] & 0xf0) != 0x80 || (bytes[1] & 0x80))
        return -1;
    uint64_t length = bytes[1];
    size_t head = length < 126 ? 2 : length == 126 ? 4 : 10;
    if (held.length < head)
        return 0;
    if (head > 2) {
        length = 0;
        for (size_t byte = 2; byte < head; byte++)
            length = length << 8 | bytes[byte];
    }
    if (held.length - head < length)
        return 0;
    frame->opcode = bytes[0] & 0x0f;
    frame->payload = (struct text){held.at + head, (size_t)length};
    buffer_drop(in, head + (size_t)length);
    return 1;
}

/* From behind the opening quote to the closing one; NULL when it never comes. */
static const char *string_end(const char *at, const char *end)
{
    for (; at < end && *at != '"'; at++)
        if (*at == '\\')
            at++;
    return at < end ? at : NULL;
}

/* Just behind the value that starts here; NULL when it does not end. */
static const char *value_end(const char *at, const char *end)
{
    int depth = 0;
    for (; at < end; at++) {
        switch (*at) {
        case '"':
            at = string_end(at + 1, end);
            if (at == NULL)
                return NULL;
            if (depth == 0)
                return at + 1;
            break;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            if (depth == 0)
                return at;
            if (--depth == 0)
                return at + 1;
            break;
        case ',':
            if (depth == 0)
                return at;
            break;
        default:
            break;
        }
    }
    return NULL;
}

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

static void keep_field(struct message *message, struct text name, struct text value)
{
    static const struct {
        const char *name;
        size_t offset;
    } fields[] = {
        {"type", offsetof(struct message, type)},
        {"task_id", offsetof(struct message, task_id)},
        {"generation", offsetof(struct message, generation)},
        {"ref", offsetof(struct message, ref)},
        {"ids", offsetof(struct message, ids)},
        {"state", offsetof(struct message, state)},
        {"heartbeat_ms", offsetof(struct message, heartbeat_ms)},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (text_is(name, fields[i].name))
            memcpy((char *)message + fields[i].offset, &value, sizeof value);
}

bool message_scan(struct text json, struct message *message)
{
    memset(message, 0, sizeof *message);
    const char *end = json.at + json.length;
    const char *at = skip_space(json.at, end);
    if (at == end || *at != '{')
        return false;
    for (;;) {
        at = skip_space(at + 1, end);
        if (at < end && *at == '}')
            return true;
        if (at == end || *at != '"')
            return false;
        const char *name = at + 1;
        at = string_end(name, end);
        if (at == NULL)
            return false;
        struct text key = {name, (size_t)(at - name)};
        at = skip_space(at + 1, end);
        if (at == end || *at != ':')
            return false;
        const char *value = skip_space(at + 1, end);
        at = value_end(value, end);
        if (at == NULL)
            return false;
        bool quoted = *value == '"';
        keep_field(message, key, (struct text){value + quoted, (size_t)(at - value) - 2 * quoted});
        at = skip_space(at, end);
        if (at == end || (*at != ',' && *at != '}'))
            return false;
        if (*at == '}')
            return true;
    }
}

bool text_is(struct text text, const char *word)
{
    return text.length == strlen(word) && memcmp(text.at, word, text.length) == 0;
}

struct text first_string(struct text array)
{
    const char *end = array.at + array.length;
    const char *open = array.length ? memchr(array.at, '"', array.length) : NULL;
    const char *close = open == NULL ? NULL : string_end(open + 1, end);
    if (close == NULL)
        return (struct text){NULL, 0};
    return (struct text){open + 1, (size_t)(close - open - 1)};
}

uint64_t text_number(struct text text)
{
    uint64_t number = 0;
    for (size_t i = 0; i < text.length && text.at[i] >= '0' && text.at[i] <= '9'; i++)
        number = number * 10 + (uint64_t)(text.at[i] - '0');
    return number;
}
