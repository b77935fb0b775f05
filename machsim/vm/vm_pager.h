/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_pager.h - the manager's side of an object: what the kernel asks it, and what it has been told.
 *
 * An object that a program manages has a pager, and so has anonymous memory whose pages the default manager keeps.
 * It lives as long as the object, and until its manager has been told of the end; its control port, by which the
 * manager speaks, has a reference too.  A manager that dies, or does not answer in time, fails those who wait.
 *
 * The memory lock guards all, and is held by the caller unless said otherwise.
 * Source: OSF, Kernel Interfaces and Kernel Principles, on external memory management.
 */
#ifndef VM_VM_PAGER_H
#define VM_VM_PAGER_H

#include <mach/memory_object_types.h>

#include "kern/timer.h"
#include "vm/vm_manager.h"
#include "vm/vm_object.h"

struct vm_pager {
    struct ref refs; /* the object's, the control port's, the timer's */
    struct vm_manager *manager; /* a reference */
    struct vm_object *object;   /* NULL: it has ended */
    struct ipc_port *control;   /* the kernel's; a reference */
    kern_return_t failed;       /* why it is no good any more, or KERN_SUCCESS */
    bool ready;                 /* the manager has said how it wants things */
    bool internal;              /* the default manager's, for anonymous memory */
    memory_object_copy_strategy_t copy_strategy;
    uint32_t cluster; /* bytes that are asked for at once, a power of 2 */
    bool may_cache, temporary;
    struct tree kept;         /* internal: which pages the manager has (vm_kept.c) */
    struct list waiters;      /* for it to be ready */
    uint64_t ready_deadline;
    uint64_t retry_at;        /* its end, which lacked memory */
    struct list asked;        /* pages that the manager is to answer for, those asked first first */
    struct list syncs;        /* of vm_sync: who waits for vm_msync */
    struct timer timer;       /* for the earliest deadline */
    bool timer_set;
    struct ipc_kmsg *last;    /* tells the manager of the end; NULL: it has been told */
    struct list cached;       /* in the list of objects that no one maps */
};

/* How long a manager may take to answer, in nanoseconds. */
extern uint64_t vm_pager_timeout;

void vm_pager_init(void);

/*
 * The object that a port stands for, for someone who maps the first `size` bytes of it; the manager is told of a new one.
 * Takes the send right.  Gives a reference.  KERN_INVALID_ARGUMENT: the port is dead.  KERN_RESOURCE_SHORTAGE.
 * No locks are held.
 */
kern_return_t vm_pager_map(struct ipc_port *port, uint64_t size, struct vm_object **object);

/*
 * Has anonymous memory kept by the default manager, whose send right this takes.  False: no memory, or it is kept
 * already.  The caller has a reference to the object.  No locks are held.
 */
bool vm_pager_make_internal(struct vm_object *object, struct ipc_port *default_manager);

void vm_pager_reference(struct vm_pager *pager);
/* May be called with locks held, or without. */
void vm_pager_release(struct vm_pager *pager);

/*
 * No one maps an object with a pager any more: its manager gets back what it wants back.  True: it is kept for those who
 * come again, or until there is memory for that.
 */
bool vm_pager_keep(struct vm_object *object);
/* It is used again, or ends. */
void vm_pager_unkeep(struct vm_object *object);
/* Ends all objects that no one maps.  No locks are held. */
void vm_pager_flush_cache(void);

/* The object ends: its manager hears of it. */
void vm_pager_end(struct vm_object *object);
/* The manager hears of the end, by a message that has the receive right for the control port. */
void vm_pager_terminate(struct vm_pager *pager);
/* The manager gives the object up: its pages go, and who wants one gets KERN_MEMORY_FAILURE. */
void vm_pager_destroy(struct vm_pager *pager);

/* The manager has said how it wants things. */
void vm_pager_ready(struct vm_pager *pager);
/* The manager is gone, or gives up: those who wait, and who come, get `reason`. */
void vm_pager_fail(struct vm_pager *pager, kern_return_t reason);
/* It owes something: a timer tells when it is late. */
void vm_pager_watch(struct vm_pager *pager);

/* ---- vm_pager_requests.c ----------------------------------------------------------------------------- */

/* Whether the manager is to be asked for a page that is not there. */
bool vm_pager_has(const struct vm_object *object, uint64_t offset);

/*
 * Asks for a page that is not there, or that one be unlocked.  MIG_NO_REPLY: the waiter is woken when there is an
 * answer.  KERN_MEMORY_FAILURE, _ERROR; KERN_RESOURCE_SHORTAGE.
 */
kern_return_t vm_pager_request(struct vm_object *object, uint64_t offset, vm_prot_t access, struct waiter *waiter);
kern_return_t vm_pager_unlock(struct vm_page *page, vm_prot_t access, struct waiter *waiter);

/*
 * Gives pages of a range that are wanted (MEMORY_OBJECT_RETURN_*) back to the manager; with `flush` all go, but for
 * wired ones.  False: there is no memory to send the rest of them.
 */
bool vm_pager_clean(struct vm_object *object, uint64_t offset, uint64_t size, memory_object_return_t wanted, bool flush);
/* Gives back one page, which goes.  False: no memory. */
bool vm_pager_evict(struct vm_page *page);

#endif
