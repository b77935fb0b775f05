/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hal.h - all that the core asks of a machine.  hal/hosted gives it to a daemon, hal/sim to tests.
 *
 * The core runs on "processors": in a daemon they are its worker threads.  A processor runs one piece of the
 * core at a time, to its end: nothing in the core sleeps.  Functions here may be called on any processor, with
 * core locks held unless said otherwise.
 */
#ifndef HAL_H
#define HAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mach/kern_return.h>

struct ipc_kmsg;
struct task;
struct thread;
struct vm_map_copy;

/* ---- memory ---------------------------------------------------------------------------------------- */

/* `size` bytes (more than 0) of zeroed memory on a 16-byte boundary, or NULL. */
void *hal_alloc(size_t size);
/* The same with anything in it, for those who write all of it. */
void *hal_alloc_raw(size_t size);
/* Gives back what hal_alloc gave; `size` is what was asked for.  NULL is ignored. */
void hal_free(void *memory, size_t size);

/* ---- processors ------------------------------------------------------------------------------------ */

/* What the core keeps for each processor; zeroed at first.  See kern/defer.h, kern/lock.h, kern/kobject.h. */
struct processor {
    struct processor_list {
        struct defer *first, **last;
    } deferred;
    bool draining;
    uint32_t ranks_held;
    bool took_rights; /* kern/kobject.h */
    struct ipc_kmsg *serving;
};

/* The processor that this runs on. */
struct processor *hal_processor(void);

/* ---- locks: short, never held across anything that waits ------------------------------------------- */

struct hal_lock {
    _Atomic uint32_t word;
};

void hal_lock_acquire(struct hal_lock *lock);
void hal_lock_release(struct hal_lock *lock);

/* ---- read-copy-update ------------------------------------------------------------------------------ */

/* Between these, what hal_rcu_defer was called for stays. */
void hal_rcu_read_lock(void);
void hal_rcu_read_unlock(void);

struct hal_rcu {
    struct hal_rcu *next;
    void (*function)(struct hal_rcu *self);
    void (*machine)(struct hal_rcu *self); /* the machine's */
};

/* Calls `function` when all readers of now have ended.  No allocation. */
void hal_rcu_defer(struct hal_rcu *rcu, void (*function)(struct hal_rcu *self));

/* ---- time ------------------------------------------------------------------------------------------ */

/* Nanoseconds since some start; never goes back. */
uint64_t hal_now(void);

/* The same since 1970 began, as far as the machine knows. */
uint64_t hal_calendar(void);

/* Asks for timer_expire to be called on some processor at `deadline`, once; 0: not at all.  Replaces what was asked. */
void hal_alarm(uint64_t deadline);

/* ---- threads --------------------------------------------------------------------------------------- */

/* Makes some processor call thread_continue(thread) soon.  The caller gives a reference. */
void hal_thread_run(struct thread *thread);

/* Ends the thread's trap with `result`.  No locks are held. */
void hal_thread_return(struct thread *thread, uint64_t result);

/* The thread will make no more traps: lets go of what thread->hal stands for.  No locks are held. */
void hal_thread_gone(struct thread *thread);

/* ---- threads that the core makes and stops, where they are not the host's ---------------------------- */

/* Whether it can; else nothing here is called. */
bool hal_makes_threads(void);
/* A new thread of a task, held once, with registers of 0; gives a reference.  KERN_RESOURCE_SHORTAGE, KERN_TERMINATED. */
kern_return_t hal_thread_create(struct task *task, struct thread **thread);
/*
 * From the return of hold on it does nothing of its program until it was let go of as often; what it does in the kernel goes
 * on.  The task's lock is held.
 */
void hal_thread_hold(struct thread *thread);
void hal_thread_unhold(struct thread *thread);
/*
 * Registers of a thread that is held, or in the kernel: mach/thread_status.h.  *count is the room, and becomes what there is.
 * KERN_INVALID_ARGUMENT: there is no such flavor, or that is no count for it.
 */
kern_return_t hal_thread_get_state(struct thread *thread, int flavor, uint32_t *state, uint32_t *count);
kern_return_t hal_thread_set_state(struct thread *thread, int flavor, const uint32_t *state, uint32_t count);
/* The machine's exception (kern/exception.h) was taken care of, or not, or the thread has ended. */
void hal_exception_done(struct thread *thread, bool handled);
/* Those of higher priority run before others.  The task's lock is held. */
#define HAL_PRIORITIES 64u
#define HAL_PRIORITY_DEFAULT 31u
void hal_thread_set_priority(struct thread *thread, unsigned priority);
/* How long it has run: its program, in nanoseconds. */
uint64_t hal_thread_time(const struct thread *thread);

/* ---- a thread's memory ----------------------------------------------------------------------------- */

/* Copies message bytes from or to the thread's memory; false if they are not all there. */
bool hal_copyin_message(struct thread *thread, uint64_t address, void *to, size_t size);
bool hal_copyout_message(struct thread *thread, const void *from, uint64_t address, size_t size);

/*
 * Takes a copy of out-of-line memory, `size` (more than 0) bytes at `address` in the thread's memory, and with
 * `deallocate` takes that away from the thread.
 * KERN_INVALID_ADDRESS: it is not all there.  KERN_RESOURCE_SHORTAGE: no memory.
 */
kern_return_t hal_copyin_memory(struct thread *thread, uint64_t address, uint64_t size, bool deallocate,
                                struct vm_map_copy **copy);

/*
 * Puts a copy into the thread's memory: at *address where that is not 0, else at a place that *address tells.
 * Consumes the copy if all goes well.
 */
kern_return_t hal_copyout_memory(struct thread *thread, struct vm_map_copy *copy, uint64_t *address);

/* The machine's part of a copy, for those that are not held as bytes. */
struct hal_pages;
void hal_pages_release(struct hal_pages *pages);
bool hal_pages_read(struct hal_pages *pages, uint64_t offset, void *to, size_t size);

/* ---- pages and their mappings: the machine-dependent part of memory ---------------------------------- */

/* Page frames.  All of this is called with the memory lock held. */
typedef uint64_t hal_frame_t;
#define HAL_NO_FRAME ((hal_frame_t)-1)
#define HAL_PAGE_SIZE 4096u
#define HAL_PAGE_SHIFT 12

/* How many more there are. */
uint64_t hal_frames_free(void);
/*
 * A machine may keep the frames of each object in a store, which it makes when the first is wanted, and *store points to
 * then; no frame is in it any more when it is released.  Frames of such a machine stay where they are: they cannot be
 * given to another object, and a map shows pages of its own object alone at an address.
 */
struct hal_store;
bool hal_frames_stay(void);
void hal_store_release(struct hal_store *store);
/* A frame with anything in it, for an object's page at an offset; HAL_NO_FRAME: there is none. */
hal_frame_t hal_frame_alloc(struct hal_store **store, uint64_t offset);
/* It is mapped nowhere. */
void hal_frame_free(hal_frame_t frame);
void hal_frame_zero(hal_frame_t frame);
void hal_frame_copy(hal_frame_t from, hal_frame_t to);
/* Bytes of a frame, which lie in it. */
void hal_frame_read(hal_frame_t frame, size_t offset, void *to, size_t size);
/* Programs that see the frame see this after all that was written before. */
void hal_frame_write(hal_frame_t frame, size_t offset, const void *from, size_t size);
/* Takes rights away from all mappings of a frame; VM_PROT_NONE ends them. */
void hal_frame_protect(hal_frame_t frame, int protection);

/* Whether a task itself must carry out what changes in its map: no one else is to change it then. */
bool hal_maps_are_own(void);
/* Has such a task look for requests that wait for it (kern/agent.h).  False: it cannot be had to, which is all if `only_look`. */
bool hal_task_rouse(const struct task *task, bool only_look);

/* What one task sees at which address. */
struct hal_pmap;
/* NULL: no memory, or a machine that has none. */
struct hal_pmap *hal_pmap_create(void);
void hal_pmap_destroy(struct hal_pmap *pmap);
/* The addresses that there are: from, and up to. */
void hal_pmap_bounds(uint64_t *start, uint64_t *end);
/* Maps a frame, in place of what was mapped there.  False: no memory. */
bool hal_pmap_enter(struct hal_pmap *pmap, uint64_t address, hal_frame_t frame, int protection);
/* Ends the mappings of whole pages, or takes rights away from them. */
void hal_pmap_remove(struct hal_pmap *pmap, uint64_t start, uint64_t end);
void hal_pmap_protect(struct hal_pmap *pmap, uint64_t start, uint64_t end, int protection);

/* ---- devices --------------------------------------------------------------------------------------- */

struct vm_object;

/* One of the machine's.  What is NULL cannot be done with it. */
struct hal_device {
    const char *name;
    size_t (*write)(const void *bytes, size_t size); /* all of them: how many that is */
    size_t (*read)(void *bytes, size_t size);        /* those that are there; 0: none yet, and device_ready will be called */
    size_t record_size; /* of what is read each time; 0: it is a stream of bytes */
    /* Memory of it, with a reference: D_SUCCESS, or another of device/device_types.h. */
    int (*map)(uint64_t offset, uint64_t size, int protection, struct vm_object **object);
};
/* All; the last is NULL. */
extern const struct hal_device *const hal_devices[];
/* The core's: a device has something to be read.  No locks are held. */
void device_ready(const struct hal_device *device);

/* ---- objects of the machine's ------------------------------------------------------------------------ */

/* No one has a send right any more for a port that stands for an object of the machine's.  No locks are held. */
void hal_object_unreferenced(void *object);

/* ---- the rest -------------------------------------------------------------------------------------- */

/*
 * Ends the machine, or has it start anew, as host_reboot's options say; returns only if it does not do that:
 * KERN_NOT_SUPPORTED.
 */
kern_return_t hal_reboot(int options);

/* The core found itself in a state that cannot be.  Says where, and ends the machine. */
_Noreturn void hal_panic(const char *file, int line, const char *what);

#endif
