/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pmap.c - page frames and mappings of the hosted machine: hal.h, arena.h.
 *
 * The frames of an object lie in a file in memory, each at its page's offset: its store.  A task has the stores of what
 * it maps mapped itself; which pages of them it sees, and whether it may write them, is the daemon's to say, by the
 * task's userfaultfd: a page that is not there, or must not be written yet, makes a fault that comes to the daemon.
 *
 * To take a page away from all who see it the daemon write-protects it, keeps its bytes, and punches a hole into the
 * file, which ends all mappings of it in the same instant; then the bytes are put back.  A task that holds the file as
 * well can do there what it may do with the object's bytes anyway, and nothing else.
 *
 * A task whose faults come by signals sees a page only as long as its own mapping lets it, which it changes when it gets a
 * right, and when it is to give one back: recall.h.
 *
 * The memory lock guards all.
 */
#include <sys/types.h>
#include <unistd.h>

#include "hal/hosted/arena.h"
#include "vm/vm_map.h"

struct hal_store {
    int file;
};

struct frame {
    struct hal_store *store;
    uint64_t offset;
    struct list mappings;
};

/* A page of a pmap. */
struct mapping {
    struct tree_node node; /* in the pmap, by address */
    struct list link;      /* in the frame's list */
    struct hal_pmap *pmap;
    int protection;
};

uint64_t pmap_frame_limit;
uint64_t pmap_frames_used;

/* A frame's number is where its structure is. */
static struct frame *frame_of(hal_frame_t frame)
{
    return (struct frame *)(uintptr_t)frame;
}

/* ---- stores ---------------------------------------------------------------------------------------- */

bool hal_frames_stay(void)
{
    return true;
}

static struct hal_store *store_of(struct hal_store **place)
{
    if (*place != NULL)
        return *place;
    struct hal_store *store = hal_alloc(sizeof *store);

    if (store == NULL)
        return NULL;
    store->file = os_shared_file("mach-object", STORE_SIZE);
    if (store->file < 0) {
        hal_free(store, sizeof *store);
        return NULL;
    }
    return *place = store;
}

int pmap_store_file(struct hal_store **place)
{
    const struct hal_store *store = store_of(place);

    return store == NULL ? -1 : store->file;
}

void hal_store_release(struct hal_store *store)
{
    if (store == NULL)
        return;
    close(store->file);
    hal_free(store, sizeof *store);
}

/* ---- frames ---------------------------------------------------------------------------------------- */

uint64_t hal_frames_free(void)
{
    return pmap_frame_limit > pmap_frames_used ? pmap_frame_limit - pmap_frames_used : 0;
}

hal_frame_t hal_frame_alloc(struct hal_store **place, uint64_t offset)
{
    struct hal_store *store = hal_frames_free() == 0 || offset >= STORE_SIZE ? NULL : store_of(place);
    struct frame *frame = store == NULL ? NULL : hal_alloc_raw(sizeof *frame);

    if (frame == NULL)
        return HAL_NO_FRAME;
    if (!os_file_fill(store->file, offset, HAL_PAGE_SIZE)) {
        hal_free(frame, sizeof *frame);
        return HAL_NO_FRAME;
    }
    *frame = (struct frame){.store = store, .offset = offset};
    list_init(&frame->mappings);
    pmap_frames_used++;
    return (uintptr_t)frame;
}

void hal_frame_free(hal_frame_t number)
{
    struct frame *frame = frame_of(number);

    kern_assert(list_empty(&frame->mappings));
    os_file_empty(frame->store->file, frame->offset, HAL_PAGE_SIZE);
    hal_free(frame, sizeof *frame);
    pmap_frames_used--;
}

/* The host's memory was there when the frame was allocated. */
static void check(bool fine)
{
    if (!fine)
        hal_panic(__FILE__, __LINE__, "the host has no memory for a page that it had given");
}

void hal_frame_read(hal_frame_t number, size_t offset, void *to, size_t size)
{
    const struct frame *frame = frame_of(number);

    check(pread(frame->store->file, to, size, (off_t)(frame->offset + offset)) == (ssize_t)size);
}

void hal_frame_write(hal_frame_t number, size_t offset, const void *from, size_t size)
{
    const struct frame *frame = frame_of(number);

    check(pwrite(frame->store->file, from, size, (off_t)(frame->offset + offset)) == (ssize_t)size);
}

void hal_frame_zero(hal_frame_t frame)
{
    static const unsigned char zeros[HAL_PAGE_SIZE];

    hal_frame_write(frame, 0, zeros, sizeof zeros);
}

void hal_frame_copy(hal_frame_t from, hal_frame_t to)
{
    unsigned char bytes[HAL_PAGE_SIZE];

    hal_frame_read(from, 0, bytes, sizeof bytes);
    hal_frame_write(to, 0, bytes, sizeof bytes);
}

/* ---- mappings -------------------------------------------------------------------------------------- */

static void forget(struct mapping *mapping)
{
    tree_remove(&mapping->pmap->mappings, &mapping->node);
    list_remove(&mapping->link);
    hal_free(mapping, sizeof *mapping);
}

/* Sees to it that the task has no more rights than those: what it may read no more goes when the frame does. */
static void restrict_task(const struct mapping *mapping, int protection)
{
    const int lost = mapping->protection & ~protection;

    if (mapping->pmap->recall != NULL && lost != 0)
        recall_rights(mapping->pmap->recall, mapping->node.key, HAL_PAGE_SIZE, mapping->protection & protection);
    else if (mapping->pmap->recall == NULL && (lost & VM_PROT_WRITE))
        os_faults_protect(mapping->pmap->faults, mapping->node.key, HAL_PAGE_SIZE);
}

/* Takes rights away from a mapping; what may not be read is forgotten, for someone else to end. */
static void restrict_to(struct mapping *mapping, int protection)
{
    mapping->protection &= protection;
    if (!(mapping->protection & VM_PROT_READ))
        forget(mapping);
}

/* Ends all mappings of a frame that no one can write: its bytes are put back behind them. */
static void zap(hal_frame_t number)
{
    const struct frame *frame = frame_of(number);
    unsigned char bytes[HAL_PAGE_SIZE];

    hal_frame_read(number, 0, bytes, sizeof bytes);
    os_file_empty(frame->store->file, frame->offset, HAL_PAGE_SIZE);
    hal_frame_write(number, 0, bytes, sizeof bytes);
}

void hal_frame_protect(hal_frame_t number, int protection)
{
    struct list *mappings = &frame_of(number)->mappings;
    const bool zapped = !list_empty(mappings) && !(protection & VM_PROT_READ);

    for (struct list *link = mappings->next, *next; link != mappings; link = next) {
        struct mapping *mapping = container_of(link, struct mapping, link);

        next = link->next;
        restrict_task(mapping, protection);
        restrict_to(mapping, protection);
    }
    if (zapped)
        zap(number);
}

static struct mapping *mapping_of(struct tree_node *node)
{
    return node == NULL ? NULL : container_of(node, struct mapping, node);
}

static struct mapping *mapping_at(const struct hal_pmap *pmap, uint64_t address)
{
    return mapping_of(tree_find(&pmap->mappings, address));
}

int pmap_rights(const struct hal_pmap *pmap, uint64_t address)
{
    const struct mapping *mapping = mapping_at(pmap, address);

    return mapping == NULL ? VM_PROT_NONE : mapping->protection;
}

/* Pages beside each other of which something is to be recalled, in one step.  The one behind; NULL: there is none. */
static struct mapping *recall_run(struct mapping *first, uint64_t end, int protection)
{
    struct mapping *next = first;
    uint64_t at = first->node.key;
    int lost = 0;

    for (; next != NULL && next->node.key == at && at < end; at += HAL_PAGE_SIZE) {
        lost |= next->protection & ~protection;
        next = mapping_of(tree_next(&next->node));
    }
    if (lost != 0)
        recall_rights(first->pmap->recall, first->node.key, at - first->node.key, VM_PROT_NONE);
    return next;
}

static void recall_range(struct hal_pmap *pmap, uint64_t start, uint64_t end, int protection)
{
    struct mapping *next = mapping_of(tree_find_heavy(&pmap->mappings, start, 0));

    while (next != NULL && next->node.key < end)
        next = recall_run(next, end, protection);
}

static void restrict_range(struct hal_pmap *pmap, uint64_t start, uint64_t end, int protection)
{
    struct mapping *mapping = mapping_of(tree_find_heavy(&pmap->mappings, start, 0));

    if (pmap->recall != NULL)
        recall_range(pmap, start, end, protection);
    while (mapping != NULL && mapping->node.key < end) {
        struct mapping *next = mapping_of(tree_next(&mapping->node));

        if (pmap->recall == NULL)
            restrict_task(mapping, protection);
        restrict_to(mapping, protection);
        mapping = next;
    }
}

/* The task's own munmap ends what it saw there; this lets go of it.  Until then it could write: not any more. */
void hal_pmap_remove(struct hal_pmap *pmap, uint64_t start, uint64_t end)
{
    restrict_range(pmap, start, end, VM_PROT_NONE);
}

void hal_pmap_protect(struct hal_pmap *pmap, uint64_t start, uint64_t end, int protection)
{
    restrict_range(pmap, start, end, protection);
}

/* Lets the process see the page, and wakes who waits for it.  One that gets rights by asking asks. */
static void show(const struct hal_pmap *pmap, uint64_t address, const struct frame *frame, bool write)
{
    if (pmap->recall == NULL &&
        os_faults_resolve(pmap->faults, address, HAL_PAGE_SIZE, write) == OS_FAULT_EMPTY &&
        os_file_fill(frame->store->file, frame->offset, HAL_PAGE_SIZE)) /* a task has punched a hole there itself */
        (void)os_faults_resolve(pmap->faults, address, HAL_PAGE_SIZE, write);
}

bool hal_pmap_enter(struct hal_pmap *pmap, uint64_t address, hal_frame_t number, int protection)
{
    struct mapping *mapping = mapping_at(pmap, address);

    if (mapping != NULL) {
        if (pmap->recall != NULL)
            restrict_task(mapping, protection);
        forget(mapping);
    }
    mapping = hal_alloc(sizeof *mapping);
    if (mapping == NULL)
        return false;
    *mapping = (struct mapping){.node = {.key = address}, .pmap = pmap, .protection = protection};
    tree_insert(&pmap->mappings, &mapping->node);
    list_append(&frame_of(number)->mappings, &mapping->link);
    show(pmap, address, frame_of(number), protection & VM_PROT_WRITE);
    return true;
}

/* ---- pmaps ----------------------------------------------------------------------------------------- */

bool hal_maps_are_own(void)
{
    return true;
}

kern_return_t hal_reboot(int options)
{
    (void)options;
    return KERN_NOT_SUPPORTED;
}

/* libmach has a handler for the signal; to all else it says nothing, should the process be another by now. */
bool hal_task_rouse(const struct task *task, bool only_look)
{
    return task->identity.pid > 0 && os_process_signal(task->identity.pid, only_look ? 0 : SIGURG, WIRE_ROUSE);
}

struct hal_pmap *hal_pmap_create(void)
{
    struct hal_pmap *pmap = hal_alloc(sizeof *pmap);

    if (pmap == NULL)
        return NULL;
    ref_init(&pmap->refs);
    pmap->faults = -1;
    return pmap;
}

void hal_pmap_destroy(struct hal_pmap *pmap)
{
    kern_assert(tree_first(&pmap->mappings) == NULL);
    arena_end(pmap);
}

/* Which addresses there are each task says itself: arena.c. */
void hal_pmap_bounds(uint64_t *start, uint64_t *end)
{
    *start = *end = 0;
}
