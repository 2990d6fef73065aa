/* What the caller asked for. All are numbers; the last argument is the file of the ledger. */
#ifndef OPTIONS_H
#define OPTIONS_H

struct options {
    int port, agents, slots;
    int in_flight; /* closed loop: so many tasks are kept between submission and result */
    int rate;      /* open loop: so many tasks a second, whatever the answers; 0 is closed */
    int tasks_max;
    int warmup_ms, window_ms, drain_ms;
    int urgent; /* tasks have this priority; 0 is the usual one */
    int crowd;  /* agents only, for as long as the standard input is open */
    const char *ledger;
};

/* Ends the program with status 2 when an option is unknown or a needed one is missing. */
struct options read_options(int count, char **arguments);

#endif
