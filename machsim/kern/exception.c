/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exception.c - asking about exceptions: see exception.h.
 *
 * While someone is asked only the answer touches the thread's `exception`: each time exactly one comes, the reply or the
 * notification that there will be none.  `asking` says that one is awaited; the answer and the thread's end may come at
 * once, on two processors, and whoever takes that word back goes on with the thread.
 */
#include "kern/exception.h"

#include <mach/thread_status.h>

#include "gen/kernel/exc_ids.h"
#include "gen/kernel/exc_user.h"
#include "gen/kernel/mach_exc_ids.h"
#include "gen/kernel/mach_exc_user.h"
#include "ipc/mqueue.h"
#include "kern/host.h"
#include "kern/task.h"
#include "kern/thread.h"
#include "kern/string.h"

/* ---- actions --------------------------------------------------------------------------------------- */

void exception_actions_release(struct exception_actions *actions)
{
    if (actions == NULL)
        return;
    for (int i = 0; i < EXC_TYPES_COUNT; i++)
        ipc_port_release_send(actions->of[i].port);
    hal_free(actions, sizeof *actions);
}

struct exception_action exception_action_at(struct exception_actions *const *actions, struct lock *lock, exception_type_t type)
{
    struct exception_action action = {.port = NULL};

    lock_acquire(lock);
    if (*actions != NULL)
        action = (*actions)->of[type];
    if (ipc_port_valid(action.port))
        ipc_port_reference(action.port);
    lock_release(lock);
    if (ipc_port_valid(action.port)) {
        struct ipc_port *port = action.port;

        action.port = ipc_port_copy_send(port);
        ipc_port_release(port);
    }
    return action;
}

struct exception_actions *exception_actions_copy(struct exception_actions *const *actions, struct lock *lock, bool *lacking)
{
    struct exception_actions *copy = NULL;

    *lacking = false;
    lock_acquire(lock);
    const bool some = *actions != NULL;

    lock_release(lock);
    if (!some)
        return NULL;
    for (exception_type_t type = 0; type < EXC_TYPES_COUNT; type++) {
        const struct exception_action action = exception_action_at(actions, lock, type);

        if (copy == NULL && action.port != NULL)
            copy = hal_alloc(sizeof *copy);
        if (copy != NULL) {
            copy->of[type] = action;
        } else if (action.port != NULL) {
            *lacking = true;
            ipc_port_release_send(action.port);
            return NULL;
        }
    }
    return copy;
}

/* ---- asking ---------------------------------------------------------------------------------------- */

/* Thread, task, host. */
static bool next_action(struct thread *thread, struct exception_action *action)
{
    struct exception *e = &thread->exception;
    struct task *task = thread->task;

    while (e->asked < 3) {
        switch (e->asked++) {
        case 0: *action = exception_action_at(&thread->exceptions, &task->lock, e->type); break;
        case 1: *action = exception_action_at(&task->exceptions, &task->lock, e->type); break;
        default: *action = host_exception_action(e->type);
        }
        if (ipc_port_valid(action->port))
            return true;
    }
    return false;
}

/* What is written behind the header, in the order of the interface: all of it is made of 32-bit words. */
struct words {
    natural_t *at;
};

static void put(struct words *words, const void *what, size_t count)
{
    memcpy(words->at, what, count * sizeof *words->at);
    words->at += count;
}

static void put_word(struct words *words, natural_t word)
{
    put(words, &word, 1);
}

static void put_ports(struct ipc_kmsg *message, struct words *words, struct thread *thread)
{
    const mach_msg_port_descriptor_t place = {.type = MACH_MSG_PORT_DESCRIPTOR};
    struct ipc_port *ports[2] = {thread->self, thread->task->self};

    message->bits = MACH_MSGH_BITS_COMPLEX;
    put_word(words, 2);
    for (unsigned i = 0; i < 2; i++) {
        put(words, &place, sizeof place / sizeof *words->at);
        message->descriptors[i] = (struct ipc_kdescriptor){
            .kind = MACH_MSG_PORT_DESCRIPTOR, .type = MACH_MSG_TYPE_PORT_SEND, .port = ipc_port_make_send(ports[i])};
    }
    message->descriptor_count = 2;
}

static void put_codes(struct words *words, const struct exception *e, bool wide)
{
    put_word(words, (natural_t)e->type);
    put_word(words, EXCEPTION_CODE_MAX);
    for (unsigned i = 0; i < EXCEPTION_CODE_MAX; i++)
        put(words, &e->code[i], wide ? 2 : 1); /* the lower half comes first */
}

/* False: the machine has no such state. */
static bool put_state(struct words *words, struct thread *thread, thread_state_flavor_t flavor)
{
    mach_msg_type_number_t count = THREAD_STATE_MAX;

    if (hal_thread_get_state(thread, flavor, words->at + 2, &count) != KERN_SUCCESS)
        return false;
    words->at[0] = (natural_t)flavor;
    words->at[1] = count;
    words->at += 2 + count;
    return true;
}

/* Writes a request by what the action wants to know.  False: that cannot be told. */
static bool write_request(struct ipc_kmsg *message, struct thread *thread, const struct exception_action *action)
{
    static const mach_msg_id_t ids[][2] = {
        [EXCEPTION_DEFAULT] = {MACH_ID_exception_raise, MACH_ID_mach_exception_raise},
        [EXCEPTION_STATE] = {MACH_ID_exception_raise_state, MACH_ID_mach_exception_raise_state},
        [EXCEPTION_STATE_IDENTITY] = {MACH_ID_exception_raise_state_identity, MACH_ID_mach_exception_raise_state_identity},
    };
    const bool wide = (action->behavior & (int)MACH_EXCEPTION_CODES) != 0;
    const exception_behavior_t behavior = action->behavior & ~(int)MACH_EXCEPTION_MASK;
    struct words words = {.at = (natural_t *)(message->message + 1)};

    message->id = ids[behavior][wide];
    if (behavior != EXCEPTION_STATE)
        put_ports(message, &words, thread);
    put(&words, &NDR_record, sizeof NDR_record / sizeof *words.at);
    put_codes(&words, &thread->exception, wide);
    if (behavior != EXCEPTION_DEFAULT && !put_state(&words, thread, action->flavor))
        return false;
    message->size = (mach_msg_size_t)((char *)words.at - (char *)message->message);
    thread->exception.expected = message->id + 100;
    thread->exception.with_state = behavior != EXCEPTION_DEFAULT;
    return true;
}

/* Where answers come.  NULL: no memory, or the thread has ended. */
static struct ipc_port *reply_port(struct thread *thread)
{
    struct exception *e = &thread->exception;
    struct ipc_port *port = e->reply != NULL ? e->reply : ipc_port_create_kernel(OBJECT_EXCEPTION, thread);

    if (port == NULL)
        return NULL;
    lock_acquire(&thread->task->lock);
    const bool ended = thread->terminated, made = port != e->reply;

    if (!ended)
        e->reply = port;
    lock_release(&thread->task->lock);
    if (ended && made)
        ipc_port_destroy_kernel(port);
    return ended ? NULL : port;
}

/* Takes the action's right.  False: there is no memory, or no such state. */
static bool ask(struct thread *thread, struct exception_action *action)
{
    struct ipc_port *reply = reply_port(thread);
    const bool with_state = (action->behavior & ~(int)MACH_EXCEPTION_MASK) != EXCEPTION_DEFAULT;
    struct ipc_kmsg *message =
        reply == NULL ? NULL
                      : ipc_kmsg_alloc((mach_msg_size_t)(with_state ? sizeof(__Request__mach_exception_raise_state_identity_t)
                                                                    : sizeof(__Request__mach_exception_raise_t)),
                                       NULL);

    if (message == NULL) {
        ipc_port_release_send(action->port);
        return false;
    }
    message->destination = (struct ipc_right){.port = action->port, .type = MACH_MSG_TYPE_PORT_SEND};
    message->sender = (security_token_t){{0, 1}};
    if (!ipc_kmsg_alloc_descriptors(message, 2) || !write_request(message, thread, action)) {
        ipc_kmsg_destroy(message);
        return false;
    }
    message->reply = (struct ipc_right){.port = ipc_port_make_send_once(reply), .type = MACH_MSG_TYPE_PORT_SEND_ONCE};
    atomic_store_explicit(&thread->exception.asking, true, memory_order_release);
    (void)ipc_mqueue_send(message, NULL, MACH_MSG_OPTION_NONE, MACH_MSG_TIMEOUT_NONE);
    return true;
}

/* Asks who is next.  From the send on the thread is the answer's. */
static void ask_next(struct thread *thread)
{
    struct exception_action action;

    while (next_action(thread, &action))
        if (ask(thread, &action))
            return;
    hal_exception_done(thread, false);
}

void exception_ask(struct thread *thread, exception_type_t type, int64_t code, int64_t subcode)
{
    struct exception *e = &thread->exception;

    e->type = type;
    e->code[0] = code;
    e->code[1] = subcode;
    e->asked = 0;
    ask_next(thread);
}

/* ---- answers --------------------------------------------------------------------------------------- */

/* The thread of a reply port, with a reference. */
static struct thread *thread_of(struct ipc_port *port)
{
    ipc_port_lock(port);
    struct thread *thread = port->object;

    if (thread != NULL && !ref_try_get(&thread->refs))
        thread = NULL;
    ipc_port_unlock(port);
    return thread;
}

/* Gives the thread the registers that an answer has.  False: it has none that the machine takes. */
static bool take_state(struct thread *thread, const struct ipc_kmsg *answer)
{
    const __Reply__mach_exception_raise_state_t *reply = (const void *)answer->message;
    const size_t head = offsetof(__Reply__mach_exception_raise_state_t, new_state);

    if (answer->size < head || (answer->size - head) / sizeof(natural_t) < reply->new_stateCnt)
        return false;
    return reply->new_stateCnt == 0 ||
           hal_thread_set_state(thread, reply->flavor, reply->new_state, reply->new_stateCnt) == KERN_SUCCESS;
}

static bool took_care(struct thread *thread, const struct ipc_kmsg *answer)
{
    const mig_reply_error_t *reply = (const void *)answer->message;

    return answer->id == thread->exception.expected && answer->descriptor_count == 0 && answer->size >= sizeof *reply &&
           reply->RetCode == KERN_SUCCESS && (!thread->exception.with_state || take_state(thread, answer));
}

/* The right that an answer came by is used up. */
static void discard(struct ipc_kmsg *answer)
{
    if (answer->destination.type == MACH_MSG_TYPE_PORT_SEND_ONCE) {
        ipc_port_consume_send_once(answer->destination.port);
        answer->destination = (struct ipc_right){.port = NULL};
    }
    ipc_kmsg_destroy(answer);
}

static bool is_asking(struct thread *thread)
{
    return atomic_exchange_explicit(&thread->exception.asking, false, memory_order_acq_rel);
}

void exception_answered(struct ipc_kmsg *answer)
{
    struct thread *thread = thread_of(answer->destination.port);

    if (thread != NULL && is_asking(thread)) {
        if (took_care(thread, answer))
            hal_exception_done(thread, true);
        else
            ask_next(thread);
    }
    if (thread != NULL)
        thread_release(thread);
    discard(answer);
}

void exception_end(struct thread *thread)
{
    lock_acquire(&thread->task->lock);
    struct ipc_port *reply = thread->exception.reply;
    struct exception_actions *actions = thread->exceptions;

    thread->exception.reply = NULL;
    thread->exceptions = NULL;
    lock_release(&thread->task->lock);
    exception_actions_release(actions);
    if (is_asking(thread))
        hal_exception_done(thread, false);
    if (reply != NULL)
        ipc_port_destroy_kernel(reply);
}
