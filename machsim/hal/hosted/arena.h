/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arena.h - the addresses of a task that the kernel maps: a range that its process has set aside, and a userfaultfd by
 * which the daemon hears of the faults there and resolves them; or, where the host allows none, traps by which the process
 * tells of them.
 *
 * One thread of the daemon waits for the faults of all tasks.  A pmap that has ended is let go of by that thread alone,
 * so that it does not find a descriptor to be another's.
 */
#ifndef HOSTED_ARENA_H
#define HOSTED_ARENA_H

#include "hal/hosted/hosted.h"
#include "hal/hosted/recall.h"
#include "kern/tree.h"

/* Bytes of an object that there may be on this machine. */
#define STORE_SIZE ((uint64_t)1 << 46)

struct hal_pmap {
    struct ref refs;      /* the map's or the fault thread's, and each fault's that waits */
    struct tree mappings; /* of pmap.c; the memory lock guards all from here on */
    struct vm_map *map;   /* NULL: it has ended */
    enum wire_faults kind; /* how its task's faults come, once they do */
    int faults;            /* the task's userfaultfd; -1: none */
    struct recall *recall; /* with WIRE_FAULTS_SIGNALS, else NULL */
    struct list ended;    /* in the list of those for the fault thread to let go of */
};

/* How many frames there are. */
extern uint64_t pmap_frame_limit;

extern uint64_t pmap_frames_used;

/* The file that an object's frames lie in, which is made if there is none; -1: it cannot be. */
int pmap_store_file(struct hal_store **place);

/* The pmap's map is gone: no more faults are served.  The memory lock is held. */
void arena_end(struct hal_pmap *pmap);

/* What the pmap lets its task do at a page. */
int pmap_rights(const struct hal_pmap *pmap, uint64_t address);

/* Traps: WIRE_TRAP_ARENA, _PART, _WATCH, _ENTRY, _FORK, _ADOPT; and _FAULT, which ends when it is served. */
uint64_t arena_make(struct hosted_thread *t, uint64_t start, uint64_t size, uint64_t kind);
uint64_t arena_part(struct hosted_thread *t, uint64_t start, uint64_t size);
uint64_t arena_watch(struct hosted_thread *t, uint64_t start, uint64_t size);
uint64_t arena_entry(struct hosted_thread *t, uint64_t address);
uint64_t arena_fork(struct hosted_thread *t);
uint64_t arena_adopt(struct hosted_thread *t, uint64_t number, uint64_t kind);
void arena_fault(struct hosted_thread *t, uint64_t address, bool write);

/* What there is, as of now. */
struct arena_statistics {
    uint64_t frames, frame_limit, objects;
    unsigned tasks[WIRE_FAULTS_SIGNALS + 1]; /* whose memory the kernel maps */
};
struct arena_statistics arena_statistics(void);

/* The fault thread.  False: it cannot be. */
bool arenas_start(void);
/* What children were to inherit goes: no more will come. */
void arena_drop_legacies(void);
void arenas_stop(void);

#endif
