/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mach/pager.h - libpager: memory objects by a few functions.  Link with -lpager -lmach.
 *
 * A pager is a memory object that this program manages.  Whoever has a send right for its port can map it, with
 * vm_map; when they touch a page that is not in memory, `read` is called for it, and when pages have to go that were
 * written, `write`.  All calls for one pager come from the thread, or threads, that serve its port: pager_serve, or
 * pager_demux in a server loop of the program's own.  A pager may be served by several threads at once; then its
 * functions are called at once as well.
 *
 * The protocol below is that of memory_object.defs, as OSF has it; the idea is the Hurd's libpager.
 */
#ifndef _MACH_PAGER_H_
#define _MACH_PAGER_H_

#include <mach/boolean.h>
#include <mach/kern_return.h>
#include <mach/memory_object_types.h>
#include <mach/message.h>
#include <mach/vm_prot.h>
#include <mach/vm_sync.h>
#include <mach/vm_types.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct pager *pager_t;

/* What a pager does.  Any may be NULL but `read`. */
struct pager_ops {
    /*
     * Fills `size` bytes (whole pages, zeroed) at `data` with what the object has at `offset`.  *lock, at first
     * VM_PROT_NONE, is what may not be done with the pages yet: for VM_PROT_WRITE, `unlock` is called before the
     * first write.  `access` tells what the page is wanted for.
     * KERN_SUCCESS; KERN_INVALID_ADDRESS: there is nothing, and zeros are shown; MIG_NO_REPLY: pager_supply will be
     * called for all of it; else whoever waits gets an error.
     */
    kern_return_t (*read)(void *cookie, memory_object_offset_t offset, void *data, vm_size_t size, vm_prot_t access,
                          vm_prot_t *lock);
    /* Takes back what was written.  Without it, it is lost. */
    kern_return_t (*write)(void *cookie, memory_object_offset_t offset, const void *data, vm_size_t size);
    /* Someone wants to do what *lock forbade.  KERN_SUCCESS: they may; MIG_NO_REPLY: pager_lock will tell. */
    kern_return_t (*unlock)(void *cookie, memory_object_offset_t offset, vm_size_t size, vm_prot_t access);
    /* vm_msync: what was written is to be where it is kept when this returns. */
    kern_return_t (*sync)(void *cookie, memory_object_offset_t offset, vm_size_t size, vm_sync_t flags);
    /* What pager_return or pager_lock asked for has been done, and `write` called for all that came back. */
    void (*completed)(void *cookie, memory_object_offset_t offset, memory_object_size_t size);
    /*
     * No one maps the object any more, and `write` has been called for all; what has not been completed will not be, for
     * there is nothing left to do it to.  Mapping it again begins anew.
     */
    void (*unmapped)(void *cookie);
};

/* How the kernel is to handle the object. */
struct pager_attributes {
    memory_object_copy_strategy_t copy_strategy; /* MEMORY_OBJECT_COPY_DELAY in case of doubt */
    vm_size_t cluster_size;                      /* bytes that are read at once; 0: a page */
    boolean_t may_cache;                         /* stays in memory when no one maps it */
};

/*
 * A new pager.  `attributes` may be NULL.  Its functions are called with `cookie`.
 * KERN_INVALID_ARGUMENT: there is no read.  KERN_RESOURCE_SHORTAGE.
 */
kern_return_t pager_create(const struct pager_ops *ops, void *cookie, const struct pager_attributes *attributes,
                           pager_t *pager);
/*
 * The same for an object that the kernel has made (memory_object_create), by its receive right and a send right for its
 * control port, which the pager takes.
 */
kern_return_t pager_adopt(const struct pager_ops *ops, void *cookie, mach_port_t port, mach_port_t control,
                          pager_t *pager);
/*
 * Ends a pager, and its port: who has it mapped gets KERN_MEMORY_FAILURE for pages that are not in memory.  No thread
 * may be serving it, but that which is in `unmapped`.
 */
void pager_destroy(pager_t pager);

/* The receive right, in this task: to be put into a port set, or to make send rights from. */
mach_port_t pager_port(pager_t pager);
/* A new send right for it, for vm_map or to be sent to others; MACH_PORT_NULL: no memory. */
mach_port_t pager_right(pager_t pager);

/* Serves pagers' ports, one or a port set, until that is no more. */
kern_return_t pager_serve(mach_port_t port);
/* Serves one request, if it is one for a pager: for mach_msg_server and its like. */
boolean_t pager_demux(mach_msg_header_t *request, mach_msg_header_t *reply);

/* Gives the content of whole pages, asked for or not, and says what may not be done with them: as `read` does. */
kern_return_t pager_supply(pager_t pager, memory_object_offset_t offset, const void *data, vm_size_t size,
                           vm_prot_t lock);
/*
 * Takes back what was written of a range; with `flush` the kernel forgets all of it and reads anew.  Returns at once:
 * `write` is called later, by who serves, and then `completed`.
 */
kern_return_t pager_return(pager_t pager, memory_object_offset_t offset, memory_object_size_t size, boolean_t flush);
/* Says what may not be done with the pages of a range, VM_PROT_NONE: all may; those who wait go on.  Then `completed`. */
kern_return_t pager_lock(pager_t pager, memory_object_offset_t offset, memory_object_size_t size, vm_prot_t lock);
/* The object is `size` bytes now: what lies behind is forgotten, and not written. */
kern_return_t pager_truncate(pager_t pager, memory_object_size_t size);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
