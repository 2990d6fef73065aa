#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

struct options read_options(int count, char **arguments)
{
    struct options options = {0, 100, 16, 1000, 0, 1000000, 1000, 10000, 30000, 0, 0, NULL};
    static const struct option names[] = {
        {"port", 1, NULL, 0},      {"agents", 1, NULL, 0},    {"slots", 1, NULL, 0},
        {"in-flight", 1, NULL, 0}, {"rate", 1, NULL, 0},      {"tasks-max", 1, NULL, 0},
        {"warmup-ms", 1, NULL, 0}, {"window-ms", 1, NULL, 0}, {"drain-ms", 1, NULL, 0},
        {"urgent", 1, NULL, 0},    {"crowd", 1, NULL, 0},     {NULL, 0, NULL, 0},
    };
    int *values[] = {
        &options.port,      &options.agents,    &options.slots,
        &options.in_flight, &options.rate,      &options.tasks_max,
        &options.warmup_ms, &options.window_ms, &options.drain_ms,
        &options.urgent,    &options.crowd,
    };
    for (int which, found; (found = getopt_long(count, arguments, "", names, &which)) != -1;) {
        if (found != 0)
            exit(2);
        *values[which] = atoi(optarg);
    }
    if (optind != count - 1 || options.port <= 0 || options.agents <= 0 || options.tasks_max <= 0) {
        fputs("needed: --port, --agents, --tasks-max above 0, and the ledger's file\n", stderr);
        exit(2);
    }
    options.ledger = arguments[optind];
    return options;
}
