/* SPDX-License-Identifier: BSD-2-Clause */
/* notify.h - the messages by which the kernel tells of rights: include/mach/notify.defs. */
#ifndef IPC_NOTIFY_H
#define IPC_NOTIFY_H

#include "ipc/kmsg.h"

/* A message without content yet, for one of those below.  NULL: no memory. */
struct ipc_kmsg *ipc_notify_alloc(void);

/*
 * Each sends a message, soon, to `notify`, a send-once right that it consumes.  `kmsg` is from ipc_notify_alloc.
 * May be called with locks held.
 */
void ipc_notify_name(struct ipc_kmsg *kmsg, struct ipc_port *notify, mach_msg_id_t id, mach_port_name_t name);
void ipc_notify_no_senders(struct ipc_kmsg *kmsg, struct ipc_port *notify, mach_port_mscount_t count);
/* `port` is in limbo, with a reference. */
void ipc_notify_port_destroyed(struct ipc_kmsg *kmsg, struct ipc_port *notify, struct ipc_port *port);
void ipc_notify_send_once(struct ipc_kmsg *kmsg, struct ipc_port *notify);

#endif
