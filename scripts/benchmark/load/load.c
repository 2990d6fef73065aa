/* The load of the benchmark: every agent and the one submitter, in one thread.
 *
 * Standard input holds a line "ID TOKEN" for each agent, then one for the submitter. Standard
 * error tells how it goes ("joined", "begin", "tick SECOND RESULTS", "end"), standard output
 * gets one JSON object, and the file named last gets the ledger, counted from the begin of the
 * window. Every peer's frames of one turn of the loop leave in one write.
 *
 * A crowd is agents without a submitter, who stay until the standard input ends. */
#define _GNU_SOURCE
#include "clock.h"
#include "dial.h"
#include "ledger.h"
#include "options.h"
#include "peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define SAMPLES_KEPT 5
#define LOOKS_A_SECOND 50

enum phase { WARMUP, MEASURE, DRAIN, OVER };

static struct options option;

static struct {
    enum phase phase;
    int64_t start, begin, end, give_up, next_tick, next_look, late;
    double cpu_begin, cpu_end;
    int poll, timer, peers;
    struct peer *peer;
    uint32_t acknowledged, done, in_flight, window_done, assigned, task_acks;
    uint32_t error_frames, refused, byes, strange, again, not_completed;
    uint32_t kept;
    char sample[SAMPLES_KEPT][TEXT_ROOM];
} load;

/* ---- the submitter ---- */

/* One task in a frame of its own. False when the ledger is full. */
static bool submit(int64_t due)
{
    uint32_t number = ledger_submit(due);
    if (number == 0)
        return false;
    load.in_flight++;
    peer_say(&load.peer[0],
        "{\"type\":\"task_submit\",\"ref\":\"%u\",\"watch\":true,\"tasks\":[{"
        "\"description\":\"benchmark task\",\"run\":{\"kind\":\"command\",\"argv\":[\"true\"]},"
        "\"payload\":{\"number\":%u}%s}]}",
        number, number, option.urgent ? ",\"priority\":\"urgent\"" : "");
    return true;
}

static void submit_due(int64_t now)
{
    if (!option.rate) {
        while (load.in_flight < (uint32_t)option.in_flight && submit(now))
            continue;
        return;
    }
    for (;;) {
        int64_t due = load.start + (int64_t)ledger_submitted() * SECOND / option.rate;
        if (due > now || !submit(due))
            return;
        if (now - due > load.late)
            load.late = now - due;
    }
}

static void count_verdict(enum verdict verdict, uint32_t *first)
{
    *first += verdict == FIRST;
    load.again += verdict == AGAIN;
    load.strange += verdict == STRANGE;
}

static void on_submitted(const struct message *message, int64_t now)
{
    struct text id = first_string(message->ids);
    count_verdict(ledger_acknowledge(text_number(message->ref), id, now), &load.acknowledged);
}

static void on_result(const struct message *message, int64_t now)
{
    enum verdict verdict = ledger_finish(message->task_id, now);
    count_verdict(verdict, &load.done);
    if (verdict != FIRST)
        return;
    load.in_flight--;
    load.window_done += load.phase == MEASURE;
    load.not_completed += !text_is(message->state, "completed");
}

static void on_error(struct peer *peer, const struct message *message, struct text json)
{
    if (load.kept < SAMPLES_KEPT && json.length < TEXT_ROOM)
        memcpy(load.sample[load.kept++], json.at, json.length);
    load.error_frames++;
    if (peer->submitter && message->ref.length && load.in_flight) {
        load.refused++;
        load.in_flight--;
    }
}

/* ---- an agent ---- */

static void on_assign(struct peer *peer, const struct message *message)
{
    int id = (int)message->task_id.length, generation = (int)message->generation.length;
    load.assigned++;
    peer_say(peer, "{\"type\":\"task_accepted\",\"task_id\":\"%.*s\",\"generation\":%.*s}", id,
        message->task_id.at, generation, message->generation.at);
    peer_say(peer,
        "{\"type\":\"task_complete\",\"task_id\":\"%.*s\",\"generation\":%.*s,"
        "\"result\":{\"exit_code\":0,\"duration_ms\":1}}",
        id, message->task_id.at, generation, message->generation.at);
}

/* ---- both ---- */

static void on_message(struct peer *peer, struct text json, int64_t now)
{
    struct message message;
    if (!message_scan(json, &message))
        die("the hub sent something that is no JSON object: %.*s", (int)json.length, json.at);
    if (text_is(message.type, "task_assign")) {
        on_assign(peer, &message);
    } else if (text_is(message.type, "task_ack")) {
        load.task_acks++;
    } else if (text_is(message.type, "task_submitted")) {
        on_submitted(&message, now);
    } else if (text_is(message.type, "task_result")) {
        on_result(&message, now);
    } else if (text_is(message.type, "error")) {
        on_error(peer, &message, json);
    } else if (text_is(message.type, "bye")) {
        load.byes++;
        fprintf(stderr, "bye %.*s\n", (int)json.length, json.at);
    } else if (text_is(message.type, "identified")) {
        peer->heartbeat = (int64_t)text_number(message.heartbeat_ms) * MILLISECOND;
        peer->next_ping = now + peer->heartbeat;
    } else if (!text_is(message.type, "pong")) {
        load.strange++;
    }
}

static void read_frames(struct peer *peer, int64_t now)
{
    struct frame frame;
    int taken;
    while (peer->fd >= 0 && (taken = frame_take(&peer->in, &frame)) != 0) {
        if (taken < 0)
            die("the hub sent a frame that is masked or in pieces");
        if (frame.opcode == OPCODE_TEXT)
            on_message(peer, frame.payload, now);
        if (frame.opcode == OPCODE_CLOSE)
            peer_lose(peer);
        if (frame.opcode == OPCODE_PING)
            peer_put(peer, OPCODE_PONG, frame.payload);
    }
}

/* All are looked at now and then, because there may be ten thousand of them. */
static void ping_due(int64_t now)
{
    if (now < load.next_look)
        return;
    load.next_look = now + SECOND / LOOKS_A_SECOND;
    for (int i = 0; i < load.peers; i++) {
        struct peer *peer = &load.peer[i];
        if (peer->fd >= 0 && peer->next_ping && now >= peer->next_ping) {
            peer_say(peer, "{\"type\":\"ping\"}");
            peer->next_ping = now + peer->heartbeat;
        }
    }
}

/* ---- the beginning: one peer after the other, each until it is identified ---- */

static void join(struct peer *peer)
{
    char id[160], token[320];
    if (scanf("%159s %319s", id, token) != 2)
        die("standard input ended before every peer had its line");
    peer->fd = dial_hub(option.port, token, &peer->in);
    if (peer->submitter)
        peer_say(peer, "{\"type\":\"identify\",\"agent_id\":\"%s\",\"protocol_version\":2}", id);
    else
        peer_say(peer,
            "{\"type\":\"identify\",\"agent_id\":\"%s\",\"protocol_version\":2,"
            "\"capabilities\":[],\"slots\":%d,\"executors\":[\"command\"],\"in_flight\":[]}",
            id, option.slots);
    peer_watch(peer, EPOLL_CTL_ADD, EPOLLIN);
    peers_flush();
    while (peer->next_ping == 0) {
        if (load.error_frames || load.byes || !peer_receive(peer))
            die("the hub did not identify %s: %s", id, load.sample[0]);
        read_frames(peer, clock_ns());
    }
}

/* The last line is the submitter's. Who is there already must not fall silent meanwhile. */
static void join_all(void)
{
    for (int i = 0; i < load.peers; i++)
        load.peer[i].fd = -1;
    load.peer[0].submitter = true;
    for (int i = load.peers - 1; i >= (option.crowd ? 1 : 0); i--) {
        join(&load.peer[i]);
        ping_due(clock_ns());
    }
    peers_flush();
    fputs("joined\n", stderr);
}

/* ---- the run ---- */

static void advance(int64_t now)
{
    if (load.phase == WARMUP && now >= load.begin) {
        load.phase = MEASURE;
        load.begin = now;
        load.end = now + option.window_ms * MILLISECOND;
        load.next_tick = now + SECOND;
        load.cpu_begin = cpu_seconds();
        fputs("begin\n", stderr);
    }
    if (load.phase == MEASURE && now >= load.end) {
        load.phase = DRAIN;
        load.end = now;
        load.cpu_end = cpu_seconds();
        load.give_up = now + option.drain_ms * MILLISECOND;
        fputs("end\n", stderr);
    }
    if (load.phase == MEASURE && now >= load.next_tick) {
        fprintf(stderr, "tick %d %u\n", (int)((now - load.begin) / SECOND), load.window_done);
        load.next_tick += SECOND;
    }
    if (load.phase == DRAIN && (load.in_flight == 0 || now >= load.give_up))
        load.phase = OVER;
}

static void serve(struct peer *peer, uint32_t events, int64_t now)
{
    if ((events & ~(uint32_t)EPOLLOUT) && !peer_receive(peer)) {
        peer_lose(peer);
        return;
    }
    if (peer->blocked)
        peer_flush_later(peer);
    read_frames(peer, now);
}

static void turn(void)
{
    struct epoll_event events[256];
    int count = epoll_wait(load.poll, events, 256, -1);
    int64_t now = clock_ns();
    for (int i = 0; i < count; i++) {
        struct peer *peer = events[i].data.ptr;
        uint64_t fired;
        if (peer != NULL)
            serve(peer, events[i].events, now);
        else if (events[i].events & EPOLLHUP)
            load.phase = OVER;
        else if (read(load.timer, &fired, sizeof fired) > 0)
            ping_due(now);
    }
    if (!option.crowd) {
        advance(now);
        if (load.phase < DRAIN)
            submit_due(now);
    }
    peers_flush();
}

/* Open loop: as often as tasks are due. Otherwise only pings and phases need it. */
static void start_timer(void)
{
    int64_t period = option.rate ? SECOND / option.rate : SECOND / LOOKS_A_SECOND;
    struct timespec step = {period / SECOND, period % SECOND};
    struct itimerspec timer = {.it_interval = step, .it_value = step};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    load.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    if (load.timer < 0 || timerfd_settime(load.timer, 0, &timer, NULL) < 0 ||
        epoll_ctl(load.poll, EPOLL_CTL_ADD, load.timer, &event) < 0)
        die("timer: %s", strerror(errno));
    load.start = clock_ns();
    load.begin = load.start + option.warmup_ms * MILLISECOND;
}

static void report(void)
{
    printf("{\"window_s\":%.6f,\"cpu_s\":%.6f,\"late_ms\":%.3f,\"submitted\":%u,"
           "\"acknowledged\":%u,\"done\":%u,\"window_done\":%u,\"assigned\":%u,\"task_acks\":%u,",
           (double)(load.end - load.begin) / SECOND, load.cpu_end - load.cpu_begin,
           (double)load.late / MILLISECOND, ledger_submitted(), load.acknowledged, load.done,
           load.window_done, load.assigned, load.task_acks);
    printf("\"faults\":{\"unfinished\":%u,\"error_frames\":%u,\"refused\":%u,\"byes\":%u,"
           "\"lost_peers\":%d,\"strange\":%u,\"again\":%u,\"not_completed\":%u},\"refusals\":[",
           load.in_flight, load.error_frames, load.refused, load.byes, peers_lost(),
           load.strange, load.again, load.not_completed);
    for (uint32_t i = 0; i < load.kept; i++)
        printf("%s%s", i ? "," : "", load.sample[i]);
    puts("]}");
}

/* A close frame each, so that the hub sees peers leave and not vanish. */
static void leave(void)
{
    for (int i = 0; i < load.peers; i++)
        if (load.peer[i].fd >= 0)
            peer_put(&load.peer[i], OPCODE_CLOSE, (struct text){"\x03\xe8", 2});
    peers_flush();
    for (int i = 0; i < load.peers; i++)
        if (load.peer[i].fd >= 0)
            shutdown(load.peer[i].fd, SHUT_WR);
}

/* The end of the standard input is the end of a crowd; only its pipe tells it to epoll. */
static void watch_input(void)
{
    struct epoll_event event = {.events = 0, .data.ptr = NULL};
    if (epoll_ctl(load.poll, EPOLL_CTL_ADD, STDIN_FILENO, &event) < 0)
        die("a crowd needs a pipe as standard input: %s", strerror(errno));
}

int main(int count, char **arguments)
{
    option = read_options(count, arguments);
    load.peers = option.agents + 1;
    load.peer = calloc((size_t)load.peers, sizeof *load.peer);
    load.poll = peers_open();
    if (load.peer == NULL || !ledger_open((uint32_t)option.tasks_max))
        die("out of memory");
    join_all();
    if (option.crowd)
        watch_input();
    start_timer();
    while (load.phase != OVER)
        turn();
    if (!option.crowd && !ledger_write(option.ledger, load.begin))
        die("cannot write %s: %s", option.ledger, strerror(errno));
    leave();
    report();
    return 0;
}
