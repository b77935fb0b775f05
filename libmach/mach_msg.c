/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_msg.c - sending and receiving: mach/message.h says what these do. */
#include <string.h>

#include <mach/mach.h>

#include "direct/direct.h"
#include "machsim/kern/trap.h"
#include "ring/ring.h"

/* The results that say that the message was not sent. */
static bool is_send_error(mach_msg_return_t result)
{
    return result != MACH_MSG_SUCCESS && (result & 0x4000) == 0;
}

/* There is no kernel, or it has ended. */
static mach_msg_return_t no_kernel(mach_msg_option_t option)
{
    return option & MACH_SEND_MSG ? MACH_SEND_INVALID_DEST : MACH_RCV_PORT_DIED;
}

/* MACH_RCV_LARGE: nothing was received but the size, and perhaps the port, of what waits. */
static void take_size(struct ring *ring, mach_msg_option_t option, mach_msg_header_t *to, mach_msg_size_t room)
{
    const mach_msg_header_t *from = (const void *)ring->data;

    if (room < sizeof *to)
        return;
    to->msgh_size = from->msgh_size;
    if (option & MACH_RCV_LARGE_IDENTITY)
        to->msgh_local_port = from->msgh_local_port;
}

/* The trap is over: memory that was sent goes, and what came back is taken. */
static mach_msg_return_t finish(struct ring *ring, mach_msg_header_t *msg, mach_msg_option_t option,
                                mach_msg_size_t send_size, mach_msg_size_t rcv_size, mach_msg_header_t *rcv_msg)
{
    mach_msg_return_t result = (mach_msg_return_t)(uint32_t)ring->area->result;

    if (ring->area->back.taken > 0)
        stage_deallocate(ring, msg, send_size);
    if (is_send_error(result))
        return result | (stage_take(ring, msg) == MACH_MSG_SUCCESS ? 0 : MACH_MSG_VM_SPACE);
    if ((result & ~MACH_MSG_MASK) == MACH_RCV_TOO_LARGE && (option & MACH_RCV_LARGE)) {
        take_size(ring, option, rcv_msg, rcv_size);
        return result;
    }
    mach_msg_return_t taken = stage_take(ring, rcv_msg);
    return result == MACH_MSG_SUCCESS ? taken : result;
}

/*
 * Whether a trap most likely waits for another task: it only receives, or answers and receives, or asks with rights or memory
 * someone else than the kernel.  Other requests that go by traps are mostly for that.
 */
static bool waits(const mach_msg_header_t *msg, mach_msg_option_t option, mach_msg_size_t send_size, mach_msg_timeout_t timeout)
{
    if (!(option & MACH_RCV_MSG) || ((option & MACH_RCV_TIMEOUT) && timeout == 0))
        return false;
    if (!(option & MACH_SEND_MSG) || send_size < sizeof *msg)
        return true;
    return MACH_MSGH_BITS_REMOTE(msg->msgh_bits) == MACH_MSG_TYPE_MOVE_SEND_ONCE ||
           ((msg->msgh_bits & MACH_MSGH_BITS_COMPLEX) && msg->msgh_remote_port != mach_task_self());
}

/* Makes the trap once. */
static mach_msg_return_t mach_msg_once(mach_msg_header_t *msg, mach_msg_option_t option, mach_msg_size_t send_size,
                                       mach_msg_size_t rcv_size, mach_port_name_t rcv_name,
                                       mach_msg_timeout_t timeout, mach_port_name_t notify,
                                       mach_msg_header_t *rcv_msg, mach_msg_size_t rcv_limit)
{
    const bool sends = (option & MACH_SEND_MSG) != 0, interruptible = option & (MACH_SEND_INTERRUPT | MACH_RCV_INTERRUPT);
    mach_msg_header_t *const receive_at = rcv_msg != NULL ? rcv_msg : msg;
    struct ring *ring = ring_get();

    if (ring == NULL)
        return no_kernel(option);
    const uint64_t arguments[WIRE_ARGUMENTS] = {
        (uintptr_t)msg, (uint64_t)(int64_t)option, send_size, rcv_size, rcv_name, timeout, notify,
        (uintptr_t)rcv_msg, rcv_limit,
    };
    const bool changes = sends && send_size >= sizeof *msg && direct_changes_rights(msg);

    if (changes)
        direct_rights_change();
    const uint32_t epoch = direct_rights_epoch();

    ring->area->trap = TRAP_MACH_MSG_OVERWRITE;
    memcpy(ring->area->arguments, arguments, sizeof arguments);
    const bool staged = sends && send_size >= sizeof *msg && send_size <= MACH_MSG_SIZE_MAX / 2;
    mach_msg_return_t result = stage_message(ring, msg, staged ? send_size : 0, rcv_msg, rcv_msg == NULL ? 0 : rcv_limit);

    if (result == MACH_MSG_SUCCESS)
        result = ring_trap(ring, interruptible, waits(msg, option, send_size, timeout))
                     ? finish(ring, msg, option, staged ? send_size : 0, rcv_size, receive_at)
                     : no_kernel(option);
    const bool offers = atomic_load_explicit(&ring->area->offers, memory_order_relaxed) > 0;

    ring_put(ring);
    if (result == MACH_MSG_SUCCESS && (option & MACH_RCV_MSG) && (receive_at->msgh_bits & MACH_MSGH_BITS_COMPLEX))
        direct_granted(receive_at, changes ? epoch + 1 : epoch);
    if (changes)
        direct_rights_change();
    if (offers)
        direct_accept();
    return result;
}

/* A message that is not there at all: what would be a fault is the documented error. */
static bool is_nowhere(const void *address)
{
    return (uintptr_t)address < 4096;
}

/* Makes the trap.  Only callers who ask for it hear of interruptions. */
static mach_msg_return_t mach_msg_by_trap(mach_msg_header_t *msg, mach_msg_option_t option, mach_msg_size_t send_size,
                                          mach_msg_size_t rcv_size, mach_port_name_t rcv_name,
                                          mach_msg_timeout_t timeout, mach_port_name_t notify,
                                          mach_msg_header_t *rcv_msg, mach_msg_size_t rcv_limit)
{
    mach_msg_return_t result =
        mach_msg_once(msg, option, send_size, rcv_size, rcv_name, timeout, notify, rcv_msg, rcv_limit);

    while ((result & ~MACH_MSG_MASK) == MACH_SEND_INTERRUPTED && !(option & MACH_SEND_INTERRUPT))
        result = mach_msg_once(msg, option, send_size, rcv_size, rcv_name, timeout, notify, rcv_msg, rcv_limit);
    while (result == MACH_RCV_INTERRUPTED && !(option & MACH_RCV_INTERRUPT))
        result = mach_msg_once(msg, option & ~MACH_SEND_MSG, 0, rcv_size, rcv_name, timeout, notify, rcv_msg, rcv_limit);
    return result;
}

mach_msg_return_t mach_msg_overwrite(mach_msg_header_t *msg, mach_msg_option_t option, mach_msg_size_t send_size,
                                     mach_msg_size_t rcv_size, mach_port_name_t rcv_name, mach_msg_timeout_t timeout,
                                     mach_port_name_t notify, mach_msg_header_t *rcv_msg, mach_msg_size_t rcv_limit)
{
    const bool receives = (option & MACH_RCV_MSG) != 0;
    struct direct_receive receive = {.option = option, .room = rcv_size, .name = rcv_name, .timeout = timeout,
                                     .to = rcv_msg != NULL ? rcv_msg : msg};
    mach_msg_return_t result = MACH_MSG_SUCCESS;

    if ((option & MACH_SEND_MSG) && send_size >= sizeof *msg && is_nowhere(msg))
        return MACH_SEND_INVALID_DATA;
    if (receives && is_nowhere(receive.to))
        return MACH_RCV_INVALID_DATA;
    if (option & MACH_SEND_MSG) {
        bool sent = direct_send(msg, option, send_size);

        if (!sent && receives && direct_receives(rcv_name)) {
            result = mach_msg_by_trap(msg, option & ~MACH_RCV_MSG, send_size, 0, MACH_PORT_NULL, timeout, notify, NULL, 0);
            sent = true;
        }
        if (sent)
            option &= ~MACH_SEND_MSG;
        if (sent && (!receives || result != MACH_MSG_SUCCESS))
            return result;
    }
    if (!(option & MACH_SEND_MSG) && receives && rcv_limit == 0 && direct_receive(&receive, &result))
        return result;
    return mach_msg_by_trap(msg, option, send_size, rcv_size, rcv_name, receive.timeout, notify, rcv_msg, rcv_limit);
}

mach_msg_return_t mach_msg(mach_msg_header_t *msg, mach_msg_option_t option, mach_msg_size_t send_size,
                           mach_msg_size_t rcv_size, mach_port_name_t rcv_name, mach_msg_timeout_t timeout,
                           mach_port_name_t notify)
{
    const mach_msg_option_t both = MACH_SEND_MSG | MACH_RCV_MSG;

    if ((option & both) == both && !is_nowhere(msg) && msg->msgh_remote_port == rcv_name &&
        direct_to_self(msg, option, send_size, rcv_size))
        return MACH_MSG_SUCCESS;
    return mach_msg_overwrite(msg, option, send_size, rcv_size, rcv_name, timeout, notify, NULL, 0);
}
