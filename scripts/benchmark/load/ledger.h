/* What became of every task: when it was due, when the hub acknowledged it, when it was done.
 * Times are ns of one clock; `NEVER` stands for what did not happen. Numbers begin with 1. */
#ifndef LEDGER_H
#define LEDGER_H

#include "wire.h"

#define NEVER INT64_MIN

enum verdict { FIRST, AGAIN, STRANGE };

/* False when there is no memory for so many tasks. */
bool ledger_open(uint32_t tasks_max);
uint32_t ledger_submitted(void);
/* The new task's number, 0 when the ledger is full. */
uint32_t ledger_submit(int64_t due);
/* STRANGE: no such number was submitted. */
enum verdict ledger_acknowledge(uint64_t number, struct text id, int64_t now);
/* STRANGE: no task with this id was acknowledged before. */
enum verdict ledger_finish(struct text id, int64_t now);
/* Three int64 a task in the order of submission, counted from `zero`; false on failure. */
bool ledger_write(const char *path, int64_t zero);

#endif
