/* SPDX-License-Identifier: BSD-2-Clause */
/* kobject.c - messages to the kernel: see kobject.h. */
#include "kern/kobject.h"

#include <mach/mig_errors.h>

#include "ipc/mqueue.h"
#include "ipc/pass.h"
#include "ipc/right.h"
#include "kern/agent.h"
#include "kern/exception.h"
#include "kern/interfaces.h"
#include "kern/task.h"
#include "kern/thread.h"
#include "vm/vm_copy.h"
#include "vm/vm_named_entry.h"
#include "kern/string.h"

/* ---- names in the kernel's space ------------------------------------------------------------------- */

struct ipc_right kobject_right(mach_port_t name, mach_msg_type_name_t type)
{
    struct ipc_right right = {.port = name == MACH_PORT_DEAD ? IPC_PORT_DEAD : NULL, .type = type};
    struct ipc_entry *entry;

    hal_processor()->took_rights = true;
    if (!MACH_PORT_VALID(name))
        return right;
    ipc_space_lock(ipc_space_kernel);
    entry = ipc_space_lookup(ipc_space_kernel, name);
    if (entry == NULL || ipc_right_copyin(ipc_space_kernel, name, entry, type, true, &right) != KERN_SUCCESS)
        kern_assert(!"a right that the kernel was given");
    ipc_space_unlock(ipc_space_kernel);
    return right;
}

kern_return_t kobject_name(struct ipc_right right, mach_port_t *name)
{
    return ipc_right_give(ipc_space_kernel, right, name) == KERN_SUCCESS ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
}

static void release_name(mach_port_t name, mach_msg_type_name_t type)
{
    ipc_right_release(kobject_right(name, ipc_right_result(type)));
}

/* ---- what a function did not take ------------------------------------------------------------------ */

static void release_memory(void *address)
{
    if (address != NULL)
        vm_map_copy_discard(vm_map_copy_from_data(address));
}

static void release_names(const mach_msg_ool_ports_descriptor_t *ports)
{
    const mach_port_name_t *names = ports->address;

    for (mach_msg_size_t i = 0; names != NULL && i < ports->count; i++)
        release_name(names[i], ports->disposition);
}

/* Lets go of what one descriptor holds: memory always, rights if no one took them. */
static void release_descriptor(const mach_msg_descriptor_t *d, mach_msg_descriptor_type_t kind, bool rights)
{
    switch (kind) {
    case MACH_MSG_PORT_DESCRIPTOR:
        if (rights)
            release_name(d->port.name, d->port.disposition);
        break;
    case MACH_MSG_GUARDED_PORT_DESCRIPTOR:
        if (rights)
            release_name(d->guarded_port.name, d->guarded_port.disposition);
        break;
    case MACH_MSG_OOL_PORTS_DESCRIPTOR:
        if (rights)
            release_names(&d->ool_ports);
        release_memory(d->ool_ports.address);
        break;
    default: release_memory(d->out_of_line.address);
    }
}

/* Lets go of what the body of a message in the kernel's hands names. */
static void release_body(const mach_msg_header_t *message, bool rights)
{
    if (!(message->msgh_bits & MACH_MSGH_BITS_COMPLEX))
        return;
    uint32_t count = ((const mach_msg_base_t *)message)->body.msgh_descriptor_count;
    const unsigned char *at = (const unsigned char *)message + sizeof(mach_msg_base_t);

    for (; count > 0; count--) {
        const mach_msg_descriptor_type_t kind = ((const mach_msg_type_descriptor_t *)at)->type;

        release_descriptor((const void *)at, kind, rights);
        at += kind == MACH_MSG_PORT_DESCRIPTOR ? sizeof(mach_msg_port_descriptor_t) : sizeof(mach_msg_ool_descriptor_t);
    }
}

/* ---- objects without senders ------------------------------------------------------------------------ */

bool kobject_goes_unreferenced(enum ipc_object_type type)
{
    return type == OBJECT_FILE || type == OBJECT_NAMED_ENTRY;
}

void kobject_unreferenced(enum ipc_object_type type, void *object)
{
    if (type == OBJECT_NAMED_ENTRY)
        vm_named_entry_release(object);
    else
        hal_object_unreferenced(object);
}

/* ---- requests and replies ---------------------------------------------------------------------------- */

static const struct mig_subsystem *find_subsystem(mach_msg_id_t id, unsigned count)
{
    for (unsigned i = 0; i < count && kernel_interfaces[i] != NULL; i++)
        if (id >= kernel_interfaces[i]->start && id < kernel_interfaces[i]->end)
            return kernel_interfaces[i];
    return NULL;
}

/* NULL: there is none. */
static const struct routine_descriptor *find_routine(mach_msg_id_t id)
{
    const struct mig_subsystem *subsystem = find_subsystem(id, UINT32_MAX);

    return subsystem == NULL ? NULL : &subsystem->routine[id - subsystem->start];
}

const struct routine_descriptor *kobject_routine_at_once(const struct ipc_port *port, mach_msg_id_t id)
{
    const struct mig_subsystem *subsystem = find_subsystem(id, KERNEL_INTERFACES_AT_ONCE);

    if (subsystem == NULL || port->object_type == OBJECT_EXCEPTION)
        return NULL;
    const struct routine_descriptor *routine = &subsystem->routine[id - subsystem->start];

    return routine->stub_routine != NULL && routine->max_reply_msg <= IPC_PASS_MAX ? routine : NULL;
}

static mach_msg_size_t reply_size(const struct routine_descriptor *routine)
{
    return (mach_msg_size_t)sizeof(mig_reply_error_t) + (routine == NULL ? 0 : routine->max_reply_msg);
}

static void reply_with_error(const mach_msg_header_t *request, mig_reply_error_t *reply, kern_return_t error)
{
    *reply = (mig_reply_error_t){
        .Head = {.msgh_bits = MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(request->msgh_bits), 0),
                 .msgh_size = sizeof *reply,
                 .msgh_id = request->msgh_id + 100},
        .NDR = NDR_record,
        .RetCode = error,
    };
}

/* Room for what the body of a reply holds.  Without, it becomes a reply that says so. */
static void make_room(struct ipc_kmsg *reply)
{
    const mach_msg_header_t header = *reply->message;
    const uint32_t count = ((const mach_msg_base_t *)reply->message)->body.msgh_descriptor_count;

    if (!(header.msgh_bits & MACH_MSGH_BITS_COMPLEX) || count == 0 || ipc_kmsg_alloc_descriptors(reply, count))
        return;
    release_body(reply->message, true);
    *(mig_reply_error_t *)reply->message = (mig_reply_error_t){
        .Head = header, .NDR = NDR_record, .RetCode = KERN_RESOURCE_SHORTAGE};
    reply->message->msgh_bits &= ~MACH_MSGH_BITS_COMPLEX;
    reply->message->msgh_size = sizeof(mig_reply_error_t);
}

/* Sends a reply by a right, which it takes; nobody may want it, or be there to get it.  True: whoever has asked has it. */
static bool send_reply(struct ipc_kmsg *reply, struct ipc_right to, struct thread *asker)
{
    make_room(reply);
    reply->size = reply->message->msgh_size;
    reply->id = reply->message->msgh_id;
    reply->sender = (security_token_t){{0, 1}};
    reply->audit = (audit_token_t){{0}};
    reply->destination = to;
    if (!ipc_port_valid(to.port)) {
        release_body(reply->message, true);
        ipc_kmsg_free(reply);
    } else if (ipc_kmsg_copyin_kernel(reply) == MACH_MSG_SUCCESS) {
        if (asker != NULL && ipc_pass_reply(asker, reply))
            return true;
        (void)ipc_mqueue_send(reply, NULL, MACH_MSG_OPTION_NONE, MACH_MSG_TIMEOUT_NONE);
    }
    return false;
}

static struct ipc_right take_reply_right(struct ipc_kmsg *request)
{
    const struct ipc_right right = request->reply;

    request->reply = (struct ipc_right){.port = NULL};
    return right;
}

/* Without memory for a reply the request itself becomes one: any has room for that. */
static void refuse(struct ipc_kmsg *request)
{
    const mach_msg_header_t header = *request->message;
    const struct ipc_right to = take_reply_right(request);

    release_body(request->message, true);
    ipc_kmsg_consume_destination(request);
    reply_with_error(&header, (mig_reply_error_t *)request->message, KERN_RESOURCE_SHORTAGE);
    (void)send_reply(request, to, NULL);
}

/* ---- waiting --------------------------------------------------------------------------------------- */

/*
 * Whoever serves a request that has to wait, and whoever wakes it, may be on two processors: the second of them to get
 * here serves it again.
 */
enum { SERVED, PARKED, WOKEN, NEVER_WAITS };

static bool serve(struct ipc_kmsg *request, struct thread *asker);

static void serve_again(struct waiter *waiter)
{
    struct ipc_kmsg *request = container_of(waiter, struct ipc_kmsg, waiter);

    if (atomic_exchange_explicit(&request->parked, WOKEN, memory_order_acq_rel) == PARKED)
        (void)serve(request, NULL);
}

/* True: it was woken already. */
static bool park(struct ipc_kmsg *request)
{
    uint32_t expected = SERVED;

    return !atomic_compare_exchange_strong_explicit(&request->parked, &expected, PARKED, memory_order_acq_rel,
                                                    memory_order_acquire);
}

struct ipc_port *kobject_destination(mach_port_t name)
{
    const struct ipc_kmsg *request = hal_processor()->serving;

    return request != NULL && request->received_name == name ? request->destination.port : NULL;
}

bool kobject_sender_is(const struct task *task)
{
    const struct ipc_kmsg *request = hal_processor()->serving;

    return memcmp(&request->audit, &task->audit_token, sizeof request->audit) == 0;
}

struct task *kobject_sender(void)
{
    return task_of_pid((int32_t)hal_processor()->serving->audit.val[5]);
}

/* Of a request that may wait. */
static struct ipc_kmsg *lasting(void)
{
    struct ipc_kmsg *request = hal_processor()->serving;

    kern_assert(request->parked != NEVER_WAITS);
    return request;
}

struct waiter *kobject_waiter(void)
{
    return &lasting()->waiter;
}

uint64_t *kobject_progress(void)
{
    return &lasting()->progress;
}

struct vm_map_copy **kobject_partial(void)
{
    return &lasting()->partial;
}

/* ---- serving --------------------------------------------------------------------------------------- */

static bool finish(struct ipc_kmsg *request, struct thread *asker)
{
    struct ipc_kmsg *reply = request->answer;
    const mig_reply_error_t *result = (const mig_reply_error_t *)reply->message;
    const struct ipc_right to = take_reply_right(request);
    bool answered = false;

    release_body(request->message, !hal_processor()->took_rights);
    if (!(result->Head.msgh_bits & MACH_MSGH_BITS_COMPLEX) && result->RetCode == MIG_NO_REPLY) {
        ipc_kmsg_free(reply);
        ipc_right_release(to);
    } else {
        answered = send_reply(reply, to, asker);
    }
    ipc_kmsg_consume_destination(request);
    vm_map_copy_discard(request->partial);
    ipc_kmsg_free(request);
    return answered;
}

/* True: whoever has asked has the answer. */
static bool serve(struct ipc_kmsg *request, struct thread *asker)
{
    struct processor *processor = hal_processor();
    uint64_t before = request->progress;

    do {
        memset(request->answer->message, 0, request->answer->size);
        waiter_restart(&request->waiter);
        if (request->progress != before)
            request->waiter.hunger = 0;
        before = request->progress;
        atomic_store_explicit(&request->parked, SERVED, memory_order_relaxed);
        processor->took_rights = false;
        processor->serving = request;
        reply_with_error(request->message, (mig_reply_error_t *)request->answer->message, MIG_BAD_ID);
        if (request->routine != NULL && request->routine->stub_routine != NULL)
            request->routine->stub_routine(request->message, request->answer->message);
        processor->serving = NULL;
        if (!request->waiter.waited)
            return finish(request, asker);
        kern_assert(!processor->took_rights);
    } while (park(request));
    return false;
}

bool kobject_serve(struct ipc_kmsg *request, struct thread *asker)
{
    if (request->destination.port->object_type == OBJECT_EXCEPTION) {
        exception_answered(request);
        return false;
    }
    if (agent_takes(request))
        return false;
    request->received_name = request->destination.port->name; /* the kernel's ports are never renamed */
    ipc_kmsg_copyout_kernel(request);
    request->routine = find_routine(request->id);
    request->answer = ipc_kmsg_alloc(reply_size(request->routine), NULL);
    if (request->answer == NULL) {
        refuse(request);
        return false;
    }
    waiter_init(&request->waiter, serve_again);
    return serve(request, asker);
}

/* ---- requests that never wait ------------------------------------------------------------------------ */

/* Has the routine serve a request, which is no message of the kernel's: of one it has what functions may ask for. */
static void call(const struct thread *asker, const struct ipc_passage *passage, struct ipc_parcel *request,
                 struct ipc_parcel *answer)
{
    struct processor *processor = hal_processor();
    struct ipc_kmsg serving;

    serving.destination.port = passage->port;
    serving.received_name = passage->port->name; /* the kernel's ports are never renamed */
    serving.audit = asker->task->audit_token;
    atomic_init(&serving.parked, NEVER_WAITS);
    request->header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_PORT_SEND_ONCE, MACH_MSG_TYPE_PORT_SEND);
    request->header.msgh_size = request->size;
    request->header.msgh_remote_port = MACH_PORT_NULL;
    request->header.msgh_local_port = serving.received_name;
    request->header.msgh_voucher_port = MACH_PORT_NULL;
    memset(answer->bytes, 0, passage->routine->max_reply_msg);
    reply_with_error(&request->header, (mig_reply_error_t *)answer->bytes, MIG_BAD_ID);
    processor->took_rights = false;
    processor->serving = &serving;
    passage->routine->stub_routine(&request->header, &answer->header);
    processor->serving = NULL;
}

/* The answer has rights or memory, or is not the asker's to receive next: it becomes a message of the kernel's. */
static enum kobject_answer send_answer(struct thread *asker, struct ipc_port *to, struct ipc_parcel *answer)
{
    const struct ipc_right right = {.port = to, .type = MACH_MSG_TYPE_PORT_SEND_ONCE};
    struct ipc_kmsg *reply = ipc_kmsg_alloc(answer->header.msgh_size, NULL);

    if (reply == NULL) {
        const mach_msg_id_t id = answer->header.msgh_id;

        release_body(&answer->header, true);
        reply_with_error(&answer->header, (mig_reply_error_t *)answer->bytes, KERN_RESOURCE_SHORTAGE);
        answer->header.msgh_id = id;
        answer->size = answer->header.msgh_size;
        if (ipc_pass_answer(asker, answer, to))
            return ANSWER_HERE;
        ipc_right_release(right);
        return ANSWER_SENT;
    }
    memcpy(reply->message, answer->bytes, answer->header.msgh_size);
    return send_reply(reply, right, asker) ? ANSWER_TAKEN : ANSWER_SENT;
}

/* The one right in an answer's body; NULL: there is more or less, or something else. */
static mach_msg_port_descriptor_t *only_right(struct ipc_parcel *answer)
{
    mach_msg_base_t *base = (mach_msg_base_t *)answer->bytes;
    mach_msg_port_descriptor_t *right = (mach_msg_port_descriptor_t *)(base + 1);

    return base->body.msgh_descriptor_count == 1 && right->type == MACH_MSG_PORT_DESCRIPTOR &&
                   right->disposition == MACH_MSG_TYPE_MOVE_SEND
               ? right
               : NULL;
}

/* Gives the asker a right that his answer names in the kernel's space. */
static void give_right(const struct thread *asker, mach_msg_port_descriptor_t *to, struct ipc_parcel *answer)
{
    mach_port_name_t name;
    const kern_return_t result =
        ipc_right_give(asker->task->space, kobject_right(to->name, MACH_MSG_TYPE_PORT_SEND), &name);

    to->name = name;
    to->disposition = MACH_MSG_TYPE_PORT_SEND;
    if (result != KERN_SUCCESS)
        answer->result = MACH_RCV_BODY_ERROR | ipc_kmsg_lack_of_names(result);
}

enum kobject_answer kobject_answer(struct thread *asker, const struct ipc_passage *passage, struct ipc_parcel *request,
                                   struct ipc_parcel *answer)
{
    const mig_reply_error_t *result = (const mig_reply_error_t *)answer->bytes;

    call(asker, passage, request, answer);
    ipc_port_release(passage->port);
    answer->size = answer->header.msgh_size;
    const bool complex = (answer->header.msgh_bits & MACH_MSGH_BITS_COMPLEX) != 0;
    mach_msg_port_descriptor_t *right = complex ? only_right(answer) : NULL;

    kern_assert(complex || result->RetCode != MIG_NO_REPLY);
    if ((complex && right == NULL) || !ipc_pass_answer(asker, answer, passage->reply))
        return send_answer(asker, passage->reply, answer);
    if (right != NULL)
        give_right(asker, right, answer);
    return ANSWER_HERE;
}
