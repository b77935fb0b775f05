/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transit.h - receive rights inside messages.
 *
 * A port whose receive right lies in a message for another port whose receive right lies in a message ... for the
 * first port could never be received by anyone.  So each port in transit knows its destination, and a message that
 * would close such a circle is destroyed instead of sent.  Destinations change under one lock, RANK_TRANSIT: moving
 * receive rights is rare.  Source: Mach 3, ipc_port_check_circularity.
 */
#ifndef IPC_TRANSIT_H
#define IPC_TRANSIT_H

#include "ipc/kmsg.h"

void ipc_transit_init(void);

/* Puts the receive rights of a message in transit to its destination.  False: that would make a circle. */
bool ipc_transit_begin(struct ipc_kmsg *kmsg);
/* The message has arrived, or will not be sent: its receive rights are in limbo again. */
void ipc_transit_end(struct ipc_kmsg *kmsg);

#endif
