/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * owed.h - send-once notifications that there was no memory for.  A right that is let go of then stays with its port,
 * which stands in a list, and is tried again until there is memory or the port is dead.
 */
#ifndef IPC_OWED_H
#define IPC_OWED_H

#include "ipc/port.h"

/* How long until it is tried again. */
#define OWED_RETRY_NANOSECONDS 10000000u

/* Takes a send-once right whose holder is done with it, and has the port told later.  May be called with locks held. */
void ipc_owed_add(struct ipc_port *port);

void ipc_owed_init(void);
/* Lets go of all that is owed: no one is left to be told. */
void ipc_owed_stop(void);

#endif
