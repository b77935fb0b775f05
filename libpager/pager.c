/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pager.c - pagers and their requests: see mach/pager.h.
 *
 * A request names its pager by the port's context.  `lock` guards a pager's control port, its size and the calls that are
 * for it; the program's functions are called without it.
 */
#include <mach/pager.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <mach/mach.h>
#include <mach/memory_object_control.h>

#include "gen/pager/memory_object_server.h"

struct pager {
    struct pager_ops ops;
    void *cookie;
    struct pager_attributes attributes;
    mach_port_t port;

    pthread_mutex_t lock;
    mach_port_t control; /* MACH_PORT_NULL: no one maps it */
    memory_object_size_t size;
};

static const struct pager_attributes usual = {.copy_strategy = MEMORY_OBJECT_COPY_DELAY};

/* ---- life ------------------------------------------------------------------------------------------ */

/* A pager at a port, whose context it becomes. */
static kern_return_t make(const struct pager_ops *ops, void *cookie, const struct pager_attributes *attributes,
                          mach_port_t port, pager_t *made)
{
    struct pager *pager = calloc(1, sizeof *pager);

    if (pager == NULL)
        return KERN_RESOURCE_SHORTAGE;
    pager->ops = *ops;
    pager->cookie = cookie;
    pager->attributes = attributes == NULL ? usual : *attributes;
    pager->port = port;
    pager->size = UINT64_MAX;
    if (pager->attributes.cluster_size == 0)
        pager->attributes.cluster_size = vm_page_size;
    const kern_return_t result = mach_port_set_context(mach_task_self(), port, (mach_port_context_t)(uintptr_t)pager);

    if (result != KERN_SUCCESS) {
        free(pager);
        return result;
    }
    pthread_mutex_init(&pager->lock, NULL);
    *made = pager;
    return KERN_SUCCESS;
}

kern_return_t pager_create(const struct pager_ops *ops, void *cookie, const struct pager_attributes *attributes,
                           pager_t *pager)
{
    mach_port_t port;

    if (ops == NULL || ops->read == NULL)
        return KERN_INVALID_ARGUMENT;
    kern_return_t result = mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port);

    if (result != KERN_SUCCESS)
        return result;
    result = make(ops, cookie, attributes, port, pager);
    if (result != KERN_SUCCESS)
        (void)mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1);
    return result;
}

kern_return_t pager_adopt(const struct pager_ops *ops, void *cookie, mach_port_t port, mach_port_t control,
                          pager_t *pager)
{
    if (ops == NULL || ops->read == NULL)
        return KERN_INVALID_ARGUMENT;
    const kern_return_t result = make(ops, cookie, NULL, port, pager);

    if (result == KERN_SUCCESS)
        (*pager)->control = control;
    return result;
}

void pager_destroy(pager_t pager)
{
    (void)mach_port_mod_refs(mach_task_self(), pager->port, MACH_PORT_RIGHT_RECEIVE, -1);
    if (MACH_PORT_VALID(pager->control))
        (void)mach_port_deallocate(mach_task_self(), pager->control);
    pthread_mutex_destroy(&pager->lock);
    free(pager);
}

mach_port_t pager_port(pager_t pager)
{
    return pager->port;
}

mach_port_t pager_right(pager_t pager)
{
    return mach_port_insert_right(mach_task_self(), pager->port, pager->port, MACH_MSG_TYPE_MAKE_SEND) == KERN_SUCCESS
               ? pager->port
               : MACH_PORT_NULL;
}

/* ---- serving --------------------------------------------------------------------------------------- */

static struct pager *pager_of(mach_port_t port)
{
    mach_port_context_t context;

    if (mach_port_get_context(mach_task_self(), port, &context) != KERN_SUCCESS)
        return NULL;
    return (struct pager *)(uintptr_t)context;
}

/* A request carries a send right for the control port: one is kept as long as the object is mapped. */
static void drop(mach_port_t control)
{
    (void)mach_port_deallocate(mach_task_self(), control);
}

boolean_t pager_demux(mach_msg_header_t *request, mach_msg_header_t *reply)
{
    return memory_object_server(request, reply);
}

kern_return_t pager_serve(mach_port_t port)
{
    return mach_msg_server(pager_demux, 4096, port, MACH_MSG_OPTION_NONE);
}

kern_return_t pager_memory_object_init(memory_object_t port, memory_object_control_t control, vm_size_t page_size)
{
    struct pager *pager = pager_of(port);

    (void)page_size;
    if (pager == NULL)
        return KERN_INVALID_ARGUMENT;
    struct memory_object_attr_info info = {
        .copy_strategy = pager->attributes.copy_strategy,
        .cluster_size = (memory_object_cluster_size_t)pager->attributes.cluster_size,
        .may_cache_object = pager->attributes.may_cache,
    };

    pthread_mutex_lock(&pager->lock);
    const mach_port_t former = pager->control;

    pager->control = control;
    pthread_mutex_unlock(&pager->lock);
    if (MACH_PORT_VALID(former))
        drop(former);
    (void)memory_object_change_attributes(control, MEMORY_OBJECT_ATTRIBUTE_INFO, (memory_object_info_t)&info,
                                          MEMORY_OBJECT_ATTR_INFO_COUNT, MACH_PORT_NULL);
    return KERN_SUCCESS;
}

kern_return_t pager_memory_object_terminate(memory_object_t port, mach_port_t control)
{
    struct pager *pager = pager_of(port);

    (void)mach_port_mod_refs(mach_task_self(), control, MACH_PORT_RIGHT_RECEIVE, -1);
    if (pager == NULL)
        return KERN_INVALID_ARGUMENT;
    pthread_mutex_lock(&pager->lock);
    const bool last = pager->control == control;

    if (last)
        pager->control = MACH_PORT_NULL;
    pthread_mutex_unlock(&pager->lock);
    if (last) {
        drop(control); /* it is a dead name by now */
        if (pager->ops.unmapped != NULL)
            pager->ops.unmapped(pager->cookie);
    }
    return KERN_SUCCESS;
}

/* Has the bytes read, and gives them to the kernel: the memory goes with them. */
static void answer(struct pager *pager, mach_port_t control, memory_object_offset_t offset, memory_object_size_t size,
                   vm_prot_t access)
{
    vm_address_t data = 0;
    vm_prot_t lock = VM_PROT_NONE;
    kern_return_t result = vm_allocate(mach_task_self(), &data, size, VM_FLAGS_ANYWHERE);

    if (result == KERN_SUCCESS)
        result = pager->ops.read(pager->cookie, offset, (void *)data, size, access, &lock);
    if (result == KERN_SUCCESS) {
        (void)memory_object_data_supply(control, offset, data, (mach_msg_type_number_t)size, TRUE, lock, FALSE,
                                        MACH_PORT_NULL);
        return;
    }
    if (data != 0)
        (void)vm_deallocate(mach_task_self(), data, size);
    if (result == MIG_NO_REPLY)
        return;
    if (result == KERN_INVALID_ADDRESS)
        (void)memory_object_data_unavailable(control, offset, size);
    else
        (void)memory_object_data_error(control, offset, size, result);
}

kern_return_t pager_memory_object_data_request(memory_object_t port, memory_object_control_t control,
                                               memory_object_offset_t offset, memory_object_size_t length,
                                               vm_prot_t access)
{
    struct pager *pager = pager_of(port);

    if (pager != NULL)
        answer(pager, control, offset, length, access);
    drop(control);
    return KERN_SUCCESS;
}

kern_return_t pager_memory_object_data_unlock(memory_object_t port, memory_object_control_t control,
                                              memory_object_offset_t offset, memory_object_size_t size,
                                              vm_prot_t access)
{
    struct pager *pager = pager_of(port);

    if (pager != NULL &&
        (pager->ops.unlock == NULL || pager->ops.unlock(pager->cookie, offset, size, access) == KERN_SUCCESS))
        (void)memory_object_lock_request(control, offset, size, MEMORY_OBJECT_RETURN_NONE, FALSE, VM_PROT_NONE,
                                         MACH_PORT_NULL);
    drop(control);
    return KERN_SUCCESS;
}

/* How much of what was returned the object still has. */
static vm_size_t kept_size(struct pager *pager, memory_object_offset_t offset, vm_size_t size)
{
    pthread_mutex_lock(&pager->lock);
    const memory_object_size_t end = pager->size;

    pthread_mutex_unlock(&pager->lock);
    return offset >= end ? 0 : end - offset < size ? end - offset : size;
}

kern_return_t pager_memory_object_data_return(memory_object_t port, memory_object_control_t control,
                                              memory_object_offset_t offset, vm_offset_t data,
                                              mach_msg_type_number_t size, boolean_t dirty, boolean_t kernel_copy)
{
    struct pager *pager = pager_of(port);
    const vm_size_t kept = pager == NULL ? 0 : kept_size(pager, offset, size);

    (void)dirty, (void)kernel_copy;
    if (kept > 0 && pager->ops.write != NULL)
        (void)pager->ops.write(pager->cookie, offset, (const void *)data, kept);
    (void)vm_deallocate(mach_task_self(), data, size);
    drop(control);
    return KERN_SUCCESS;
}

kern_return_t pager_memory_object_synchronize(memory_object_t port, memory_object_control_t control,
                                              memory_object_offset_t offset, memory_object_size_t length,
                                              vm_sync_t flags)
{
    struct pager *pager = pager_of(port);

    if (pager != NULL &&
        (pager->ops.sync == NULL || pager->ops.sync(pager->cookie, offset, length, flags) == KERN_SUCCESS))
        (void)memory_object_synchronize_completed(control, offset, length);
    drop(control);
    return KERN_SUCCESS;
}

kern_return_t pager_memory_object_lock_completed(mach_port_t port, memory_object_control_t control,
                                                 memory_object_offset_t offset, memory_object_size_t length)
{
    struct pager *pager = pager_of(port);

    if (pager != NULL && pager->ops.completed != NULL)
        pager->ops.completed(pager->cookie, offset, length);
    drop(control);
    return KERN_SUCCESS;
}

/* Pagers ask for no other answers: these come from no kernel. */

kern_return_t pager_memory_object_supply_completed(mach_port_t port, memory_object_control_t control,
                                                   memory_object_offset_t offset, memory_object_size_t length,
                                                   kern_return_t result, memory_object_offset_t error_offset)
{
    (void)port, (void)offset, (void)length, (void)result, (void)error_offset;
    drop(control);
    return KERN_SUCCESS;
}

kern_return_t pager_memory_object_change_completed(mach_port_t port, memory_object_control_t control,
                                                   memory_object_flavor_t flavor)
{
    (void)port, (void)flavor;
    drop(control);
    return KERN_SUCCESS;
}

/* ---- what the program asks of the kernel --------------------------------------------------------------- */

/* A lock request for the object, if it is mapped; else there is nothing to do. */
static kern_return_t request(struct pager *pager, memory_object_offset_t offset, memory_object_size_t size,
                             memory_object_return_t wanted, boolean_t flush, vm_prot_t lock)
{
    const memory_object_offset_t start = trunc_page(offset);
    const memory_object_size_t whole = size > UINT64_MAX - offset - vm_page_size ? trunc_page(UINT64_MAX - start)
                                                                               : round_page(offset + size) - start;
    kern_return_t result = KERN_SUCCESS;

    pthread_mutex_lock(&pager->lock);
    if (MACH_PORT_VALID(pager->control))
        result = memory_object_lock_request(pager->control, start, whole, wanted, flush, lock,
                                            pager->ops.completed != NULL ? pager->port : MACH_PORT_NULL);
    pthread_mutex_unlock(&pager->lock);
    return result;
}

kern_return_t pager_supply(pager_t pager, memory_object_offset_t offset, const void *data, vm_size_t size,
                           vm_prot_t lock)
{
    kern_return_t result = KERN_SUCCESS;

    pthread_mutex_lock(&pager->lock);
    if (MACH_PORT_VALID(pager->control))
        result = memory_object_data_supply(pager->control, offset, (vm_offset_t)data, (mach_msg_type_number_t)size, FALSE,
                                           lock, FALSE, MACH_PORT_NULL);
    pthread_mutex_unlock(&pager->lock);
    return result;
}

kern_return_t pager_return(pager_t pager, memory_object_offset_t offset, memory_object_size_t size, boolean_t flush)
{
    return request(pager, offset, size, MEMORY_OBJECT_RETURN_DIRTY, flush, VM_PROT_NO_CHANGE);
}

kern_return_t pager_lock(pager_t pager, memory_object_offset_t offset, memory_object_size_t size, vm_prot_t lock)
{
    return request(pager, offset, size, MEMORY_OBJECT_RETURN_NONE, FALSE, lock);
}

kern_return_t pager_truncate(pager_t pager, memory_object_size_t size)
{
    pthread_mutex_lock(&pager->lock);
    pager->size = size;
    pthread_mutex_unlock(&pager->lock);
    return request(pager, round_page(size), UINT64_MAX, MEMORY_OBJECT_RETURN_NONE, TRUE, VM_PROT_NO_CHANGE);
}
