/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mach/mach_right.h - rights of one's own, each kind with its type.  Source: XNU, mach/mach_right.h.
 * A failure that only a mistake of the caller's can cause ends the program with a message.
 */
#ifndef _MACH_MACH_RIGHT_H_
#define _MACH_MACH_RIGHT_H_

#include <mach/mach_types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _mach_right_recv {
    mach_port_t mrr_name;
} mach_right_recv_t;
typedef struct _mach_right_send {
    mach_port_t mrs_name;
} mach_right_send_t;
typedef struct _mach_right_send_once {
    mach_port_t mrso_name;
} mach_right_send_once_t;

typedef unsigned long long mach_right_flags_t;
#define MACH_RIGHT_RECV_FLAG_INIT ((mach_right_flags_t)0)
#define MACH_RIGHT_RECV_FLAG_UNGUARDED ((mach_right_flags_t)1) /* `context` does not guard the port */

/*
 * A new receive right, guarded by `context` unless the flags say otherwise; with `send` not NULL, and a send right
 * for the same port, which the caller owns.
 */
mach_right_recv_t mach_right_recv_construct(mach_right_flags_t flags, mach_right_send_t *send, uintptr_t context);
/* Lets go of a receive right, and of the send right that came with it if `send` is not NULL. */
void mach_right_recv_destruct(mach_right_recv_t right, mach_right_send_t *send, uintptr_t context);

/* A new send right from a receive right. */
mach_right_send_t mach_right_send_create(mach_right_recv_t right);
/* One more user reference; a right whose port has died gives the name MACH_PORT_DEAD. */
mach_right_send_t mach_right_send_retain(mach_right_send_t right);
/* One less. */
void mach_right_send_release(mach_right_send_t right);

/* A send-once right from a receive right; and letting go of one, of which its receiver is told. */
mach_right_send_once_t mach_right_send_once_create(mach_right_recv_t right);
void mach_right_send_once_consume(mach_right_send_once_t right);

#ifdef __cplusplus
}
#endif

#endif
