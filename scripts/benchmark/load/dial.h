/* Opening one WebSocket to a hub on this machine, waiting for each step. */
#ifndef DIAL_H
#define DIAL_H

#include "wire.h"

/* The socket after a successful upgrade; bytes behind the answer are left in `in`.
 * A hub that says "later" is asked again for about ten seconds; any other refusal, or none of
 * the tries taken, ends the program with status 3. */
int dial_hub(int port, const char *token, struct buffer *in);

#endif
