/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * objects.c - memory in files: see objects.h.  `lock` guards the list.
 *
 * A program may have unmapped an object behind our back, by munmap, and the file's descriptor may be another's: what
 * is given is looked at first, and what is not as it was is forgotten.
 */
#include "libmach/process/objects.h"

#include <fcntl.h>
#include <mach/mach.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libmach/process/process.h"
#include "libmach/process/stock.h"
#include "libmach/ring/ring.h"

#define MOST_OBJECTS 256 /* each takes a descriptor */

struct object {
    LIST_ENTRY(object) link;
    uint64_t start, end;
    int file;
    dev_t device;
    ino_t inode;
    bool shared; /* with children */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static LIST_HEAD(, object) objects = LIST_HEAD_INITIALIZER(objects);
static struct object first_objects[8];
static struct stock stock = STOCK_OF(first_objects);
static _Atomic unsigned count;

/* Whether the descriptor is still the object's file. */
static bool has_file(const struct object *object)
{
    struct stat status;

    return fstat(object->file, &status) == 0 && status.st_dev == object->device && status.st_ino == object->inode;
}

static void forget(struct object *object)
{
    LIST_REMOVE(object, link);
    count--;
    if (has_file(object))
        close(object->file);
    stock_give(&stock, object);
}

static struct object *find(uint64_t start, uint64_t end)
{
    struct object *object;

    LIST_FOREACH(object, &objects, link)
        if (object->start < end && start < object->end)
            return object;
    return NULL;
}

/* Whether all of an object is mapped as it was. */
static bool is_whole(const struct object *object)
{
    struct mach_os_region region;

    for (uint64_t at = object->start; at < object->end; at = region.end)
        if (!mach_os_region(getpid(), at, false, &region) || region.start > at || !region.shared ||
            region.protection != VM_PROT_DEFAULT || region.inode != object->inode ||
            region.offset + (at - region.start) != at - object->start)
            return false;
    return has_file(object);
}

/* What is written here from now on is this task's alone; the bytes stay. */
static bool make_private(const struct object *object)
{
    return mmap((void *)object->start, object->end - object->start, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED,
                object->file, 0) != MAP_FAILED;
}

/* An object becomes plain memory of this task's. */
static void retire(struct object *object)
{
    if (is_whole(object))
        (void)make_private(object);
    forget(object);
}

/* ---- fork ------------------------------------------------------------------------------------------ */

/* The lock is held over the fork, so that no object comes to be that the child would share. */
static sigset_t mask_before_fork;

static void before_fork(void)
{
    const sigset_t before = process_lock(&lock);
    struct object *object, *next;

    mask_before_fork = before;
    for (object = LIST_FIRST(&objects); object != NULL; object = next) {
        next = LIST_NEXT(object, link);
        if (!object->shared)
            retire(object);
    }
}

static void after_fork(void)
{
    const sigset_t before = mask_before_fork;

    process_unlock(&lock, &before);
}

void objects_watch_forks(void)
{
    pthread_atfork(before_fork, after_fork, after_fork);
}

/* ---- objects --------------------------------------------------------------------------------------- */

/* Memory in a new file.  False: no file, or no room. */
static bool map_file(struct object *object, uint64_t size)
{
    struct stat status;

    object->shared = false;
    object->file = mach_os_memory_file(size);
    if (object->file < 0)
        return false;
    void *map = fstat(object->file, &status) < 0
                    ? MAP_FAILED
                    : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, object->file, 0);

    if (map == MAP_FAILED) {
        close(object->file);
        return false;
    }
    object->start = (uint64_t)map;
    object->end = object->start + size;
    object->device = status.st_dev;
    object->inode = status.st_ino;
    return true;
}

bool object_allocate(uint64_t size, uint64_t *address)
{
    ring_prepare();
    const sigset_t before = process_lock(&lock);
    struct object *object = count < MOST_OBJECTS ? stock_take(&stock) : NULL;
    const bool made = object != NULL && map_file(object, size);

    if (made) {
        *address = object->start;
        LIST_INSERT_HEAD(&objects, object, link);
        count++;
    }
    if (object != NULL && !made)
        stock_give(&stock, object);
    process_unlock(&lock, &before);
    return made;
}

void object_forget(uint64_t start, uint64_t end, bool gone)
{
    struct object *object;

    if (count == 0)
        return;
    const sigset_t before = process_lock(&lock);

    while ((object = find(start, end)) != NULL) {
        if (gone && start <= object->start && object->end <= end)
            forget(object);
        else
            retire(object);
    }
    process_unlock(&lock, &before);
}

bool object_share(uint64_t start, uint64_t end, bool shared)
{
    const sigset_t before = process_lock(&lock);
    struct object *object = find(start, end);
    const bool found = object != NULL && object->start == start && object->end == end;

    if (found)
        object->shared = shared;
    process_unlock(&lock, &before);
    return found;
}

/* Makes an object's file final; not if a child shares it, or the program has changed what is mapped there. */
static bool finish(const struct object *object)
{
    return !object->shared && is_whole(object) && make_private(object) && mach_os_seal(object->file);
}

bool object_give(uint64_t address, uint64_t size, int *file, uint64_t *offset)
{
    *file = -1;
    if (count == 0)
        return false;
    const sigset_t before = process_lock(&lock);
    struct object *object = find(address, address + size);

    if (object != NULL && address >= object->start && address + size <= object->end &&
        (address - object->start) % vm_page_size == 0 && finish(object)) {
        *offset = address - object->start;
        *file = fcntl(object->file, F_DUPFD_CLOEXEC, 3);
        forget(object);
    }
    process_unlock(&lock, &before);
    return *file >= 0;
}
