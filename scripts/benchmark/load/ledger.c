#include "ledger.h"

#include <stdio.h>
#include <stdlib.h>

struct task {
    int64_t due, acknowledged, done;
};

/* Open addressing by the hash of the task id; number 0 is an empty place. */
struct place {
    uint64_t hash;
    uint32_t number;
};

static struct task *tasks;
static struct place *places;
static uint32_t submitted, tasks_max, places_mask;

bool ledger_open(uint32_t most)
{
    uint32_t room = 1024;
    while (room < 2 * most)
        room *= 2;
    tasks_max = most;
    places_mask = room - 1;
    tasks = calloc((size_t)most + 1, sizeof *tasks);
    places = calloc(room, sizeof *places);
    return tasks != NULL && places != NULL;
}

uint32_t ledger_submitted(void)
{
    return submitted;
}

uint32_t ledger_submit(int64_t due)
{
    if (submitted == tasks_max)
        return 0;
    tasks[++submitted] = (struct task){due, NEVER, NEVER};
    return submitted;
}

/* FNV-1a over 64 bits: two of a million ids meet with a chance of 1 in 37 million. */
static struct place *find_place(struct text id)
{
    uint64_t hash = 14695981039346656037ULL;
    for (size_t i = 0; i < id.length; i++)
        hash = (hash ^ (unsigned char)id.at[i]) * 1099511628211ULL;
    uint32_t at = (uint32_t)(hash ^ hash >> 32) & places_mask;
    while (places[at].number && places[at].hash != hash)
        at = (at + 1) & places_mask;
    places[at].hash = hash;
    return &places[at];
}

enum verdict ledger_acknowledge(uint64_t number, struct text id, int64_t now)
{
    if (number == 0 || number > submitted || id.length == 0)
        return STRANGE;
    if (tasks[number].acknowledged != NEVER)
        return AGAIN;
    tasks[number].acknowledged = now;
    find_place(id)->number = (uint32_t)number;
    return FIRST;
}

enum verdict ledger_finish(struct text id, int64_t now)
{
    struct place *place = find_place(id);
    if (place->number == 0)
        return STRANGE;
    struct task *task = &tasks[place->number];
    if (task->done != NEVER)
        return AGAIN;
    task->done = now;
    return FIRST;
}

bool ledger_write(const char *path, int64_t zero)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return false;
    for (uint32_t number = 1; number <= submitted; number++) {
        struct task task = tasks[number];
        int64_t times[] = {task.due, task.acknowledged, task.done};
        for (int i = 0; i < 3; i++)
            times[i] -= times[i] == NEVER ? 0 : zero;
        fwrite(times, sizeof *times, 3, file);
    }
    bool failed = ferror(file);
    return fclose(file) == 0 && !failed;
}
