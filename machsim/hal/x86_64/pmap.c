/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pmap.c - frames and mappings: page tables of four levels.  The upper half is the kernel's and the same in all.
 *
 * Each frame has a list of where it is mapped, so that rights can be taken away from all who see it.  The memory lock guards
 * all of this.
 *
 * What other processors remember of a table: a processor in a program is interrupted, and waited for until it is in the
 * kernel, and one that copies to or from a program until it has done so; one that is in the kernel otherwise, or idle, finds
 * `flush` before it goes on with either.  So no one waits for a processor that may wait itself.
 */
#include "hal/x86_64/controller.h"
#include "hal/x86_64/cpu.h"
#include "hal/x86_64/processor.h"

#include <mach/vm_prot.h>

#define LEVELS 4
#define ENTRIES 512u
#define PRESENT ((uint64_t)1)
#define WRITABLE ((uint64_t)2)
#define USER ((uint64_t)4)
#define UNCACHED ((uint64_t)1 << 4)
#define NO_EXECUTE ((uint64_t)1 << 63)
#define ADDRESS ((uint64_t)0x000ffffffffff000)

/* Pages that frames leave to the kernel: one of so many. */
#define RESERVE 32u

struct hal_pmap {
    uint64_t root; /* physical */
    bool has_tables; /* below that */
    struct hal_pmap *next; /* among those that no task has any more */
};

/* A place where a frame is mapped. */
struct mapping {
    struct list link; /* in the frame's list */
    struct hal_pmap *pmap;
    uint64_t address;
};

extern uint64_t boot_map[ENTRIES], boot_directories[4 * ENTRIES];

/* ---- frames ---------------------------------------------------------------------------------------- */

uint64_t hal_frames_free(void)
{
    const uint64_t pages = memory_free_pages(), reserve = memory_pages() / RESERVE;

    return pages > reserve ? pages - reserve : 0;
}

bool hal_frames_stay(void)
{
    return false;
}

bool hal_maps_are_own(void)
{
    return false;
}

bool hal_task_rouse(const struct task *task, bool only_look)
{
    (void)task, (void)only_look;
    return false;
}

void hal_store_release(struct hal_store *store)
{
    (void)store; /* there are none: frames are anywhere */
}

hal_frame_t hal_frame_alloc(struct hal_store **store, uint64_t offset)
{
    const uint64_t physical = hal_frames_free() == 0 ? 0 : memory_take(0);

    (void)store, (void)offset;
    if (physical == 0)
        return HAL_NO_FRAME;
    list_init(memory_mappings(physical));
    return physical;
}

void hal_frame_free(hal_frame_t frame)
{
    memory_give(frame, 0);
}

void hal_frame_zero(hal_frame_t frame)
{
    memset(memory_at(frame), 0, HAL_PAGE_SIZE);
}

void hal_frame_copy(hal_frame_t from, hal_frame_t to)
{
    memcpy(memory_at(to), memory_at(from), HAL_PAGE_SIZE);
}

void hal_frame_read(hal_frame_t frame, size_t offset, void *to, size_t size)
{
    memcpy(to, (const char *)memory_at(frame) + offset, size);
}

void hal_frame_write(hal_frame_t frame, size_t offset, const void *from, size_t size)
{
    atomic_thread_fence(memory_order_release);
    memcpy((char *)memory_at(frame) + offset, from, size);
}

/* ---- tables ---------------------------------------------------------------------------------------- */

static unsigned shift_of(int level)
{
    return HAL_PAGE_SHIFT + 9 * (unsigned)level;
}

static uint64_t *table_of(uint64_t entry)
{
    return memory_at(entry & ADDRESS);
}

static uint64_t *slot(uint64_t table, uint64_t address, int level)
{
    return &table_of(table)[address >> shift_of(level) & (ENTRIES - 1)];
}

/* The entry of a page; NULL: there is no table for it, or, with `make`, no memory for one.  *level is where that is. */
static uint64_t *find_entry(const struct hal_pmap *pmap, uint64_t address, bool make, int *level)
{
    uint64_t table = pmap->root;

    for (*level = LEVELS - 1; *level > 0; --*level) {
        uint64_t *entry = slot(table, address, *level);

        if (!(*entry & PRESENT)) {
            const uint64_t new = make ? memory_take(0) : 0;

            if (new == 0)
                return NULL;
            memset(memory_at(new), 0, HAL_PAGE_SIZE);
            *entry = new | PRESENT | WRITABLE | USER;
        }
        table = *entry;
    }
    return slot(table, address, 0);
}

static void forget_page(const struct hal_pmap *pmap, uint64_t address)
{
    if (cpu_self()->pmap == pmap)
        cpu_forget_page(address);
}

/* Whether it goes by what a program sees. */
static bool is_seeing(const struct cpu *cpu)
{
    const uint32_t place = atomic_load(&cpu->place);

    return place == IN_PROGRAM || place == COPYING;
}

static void forget_on(struct cpu *cpu)
{
    atomic_store(&cpu->flush, true);
    if (!is_seeing(cpu))
        return;
    processor_rouse(cpu);
    while (atomic_load(&cpu->flush) && is_seeing(cpu))
        cpu_pause();
}

/* Rights were taken away: the tables are changed already. */
static void forget_elsewhere(const struct hal_pmap *pmap)
{
    if (processor_count == 1)
        return;
    atomic_thread_fence(memory_order_seq_cst);
    for (unsigned i = 0; i < processor_count; i++)
        if (processors[i] != cpu_self() && processors[i]->pmap == pmap)
            forget_on(processors[i]);
}

static uint64_t rights_of(int protection)
{
    return PRESENT | USER | (protection & VM_PROT_WRITE ? WRITABLE : 0) | (protection & VM_PROT_EXECUTE ? 0 : NO_EXECUTE);
}

/* ---- mappings -------------------------------------------------------------------------------------- */

static struct mapping *find_mapping(const struct hal_pmap *pmap, uint64_t address, hal_frame_t frame)
{
    list_for_each(link, memory_mappings(frame)) {
        struct mapping *mapping = container_of(link, struct mapping, link);

        if (mapping->pmap == pmap && mapping->address == address)
            return mapping;
    }
    kern_assert(!"a page in a table is a mapping of its frame");
    return NULL;
}

static void unmap(struct hal_pmap *pmap, uint64_t address, uint64_t *entry)
{
    struct mapping *mapping = find_mapping(pmap, address, *entry & ADDRESS);

    *entry = 0;
    forget_page(pmap, address);
    list_remove(&mapping->link);
    hal_free(mapping, sizeof *mapping);
}

/* Takes rights away; what cannot be read is not mapped. */
static void restrict_to(struct hal_pmap *pmap, uint64_t address, uint64_t *entry, int protection)
{
    if (!(protection & VM_PROT_READ)) {
        unmap(pmap, address, entry);
        return;
    }
    const uint64_t rights = rights_of(protection);

    *entry &= rights | ~(uint64_t)WRITABLE;
    *entry |= rights & NO_EXECUTE;
    forget_page(pmap, address);
}

void hal_frame_protect(hal_frame_t frame, int protection)
{
    struct list *mappings = memory_mappings(frame);
    int level;

    for (struct list *link = mappings->next, *next; link != mappings; link = next) {
        struct mapping *mapping = container_of(link, struct mapping, link);

        next = link->next;
        struct hal_pmap *pmap = mapping->pmap;

        restrict_to(pmap, mapping->address, find_entry(pmap, mapping->address, false, &level), protection);
        forget_elsewhere(pmap);
    }
}

bool hal_pmap_enter(struct hal_pmap *pmap, uint64_t address, hal_frame_t frame, int protection)
{
    struct mapping *mapping = hal_alloc_raw(sizeof *mapping);
    int level;
    uint64_t *entry = mapping == NULL ? NULL : find_entry(pmap, address, true, &level);

    if (entry == NULL) {
        hal_free(mapping, sizeof *mapping);
        return false;
    }
    if (*entry & PRESENT) {
        unmap(pmap, address, entry);
        forget_elsewhere(pmap);
    }
    pmap->has_tables = true;
    *mapping = (struct mapping){.pmap = pmap, .address = address};
    list_append(memory_mappings(frame), &mapping->link);
    *entry = frame | rights_of(protection);
    return true;
}

/* Whether an entry allows more than it is to. */
static bool is_more(uint64_t entry, int protection)
{
    const uint64_t rights = rights_of(protection);

    return !(protection & VM_PROT_READ) || (entry & ~rights & WRITABLE) || (~entry & rights & NO_EXECUTE);
}

/* The entries of a range in a table, and below.  True: something has changed that a processor may remember. */
static bool restrict_table(struct hal_pmap *pmap, uint64_t table, int level, uint64_t start, uint64_t end, int protection)
{
    const uint64_t span = (uint64_t)1 << shift_of(level);
    bool changed = false;

    for (uint64_t at = start, *entry = slot(table, start, level); at < end; at = (at & ~(span - 1)) + span, entry++) {
        if (!(*entry & PRESENT))
            continue;
        if (level > 0) {
            const uint64_t next = (at & ~(span - 1)) + span;

            changed |= restrict_table(pmap, *entry, level - 1, at, next < end ? next : end, protection);
        } else if (is_more(*entry, protection)) {
            restrict_to(pmap, at, entry, protection);
            changed = true;
        }
    }
    return changed;
}

static void restrict_range(struct hal_pmap *pmap, uint64_t start, uint64_t end, int protection)
{
    if (pmap->has_tables && restrict_table(pmap, pmap->root, LEVELS - 1, start, end, protection))
        forget_elsewhere(pmap);
}

void hal_pmap_remove(struct hal_pmap *pmap, uint64_t start, uint64_t end)
{
    restrict_range(pmap, start, end, VM_PROT_NONE);
}

void hal_pmap_protect(struct hal_pmap *pmap, uint64_t start, uint64_t end, int protection)
{
    restrict_range(pmap, start, end, protection);
}

/* ---- pmaps ----------------------------------------------------------------------------------------- */

/* A root below which there is nothing of a program's, for the next map; 0: none.  So are many tasks' that never began. */
static uint64_t empty_root;

static uint64_t make_root(void)
{
    const uint64_t kept = empty_root, root = kept != 0 ? kept : memory_take(0);

    empty_root = 0;
    if (kept != 0 || root == 0)
        return root;
    memset(memory_at(root), 0, HAL_PAGE_SIZE / 2);
    memcpy(table_of(root) + ENTRIES / 2, boot_map + ENTRIES / 2, HAL_PAGE_SIZE / 2);
    return root;
}

struct hal_pmap *hal_pmap_create(void)
{
    struct hal_pmap *pmap = hal_alloc(sizeof *pmap);
    const uint64_t root = pmap == NULL ? 0 : make_root();

    if (root == 0) {
        hal_free(pmap, sizeof *pmap);
        return NULL;
    }
    pmap->root = root;
    return pmap;
}

/* Gives back the tables below an entry, and the one that it shows. */
static void free_tables(uint64_t entry, int level)
{
    const uint64_t *table = table_of(entry);

    for (unsigned i = 0; i < (level == LEVELS - 1 ? ENTRIES / 2 : ENTRIES) && level > 0; i++)
        if (table[i] & PRESENT)
            free_tables(table[i], level - 1);
    memory_give(entry & ADDRESS, 0);
}

static bool is_in_use(const struct hal_pmap *pmap)
{
    for (unsigned i = 0; i < processor_count; i++)
        if (processors[i]->pmap == pmap)
            return true;
    return false;
}

/* A processor in the kernel may still have the map of a task that is no more, until it has something else to do. */
void hal_pmap_destroy(struct hal_pmap *pmap)
{
    static struct hal_pmap *unused;

    if (cpu_self()->pmap == pmap)
        pmap_use(cpu_self(), NULL);
    pmap->next = unused;
    unused = pmap;
    for (struct hal_pmap **link = &unused; (pmap = *link) != NULL;) {
        if (is_in_use(pmap)) {
            link = &pmap->next;
            continue;
        }
        *link = pmap->next;
        if (!pmap->has_tables && empty_root == 0)
            empty_root = pmap->root;
        else
            free_tables(pmap->root, pmap->has_tables ? LEVELS - 1 : 0);
        hal_free(pmap, sizeof *pmap);
    }
}

void hal_pmap_bounds(uint64_t *start, uint64_t *end)
{
    *start = USER_START;
    *end = USER_END;
}

void pmap_load(struct cpu *cpu, struct hal_pmap *pmap)
{
    cpu->pmap = pmap; /* first: from then on others tell of changes */
    cpu_set_map(pmap == NULL ? (uint64_t)boot_map - KERNEL_BASE : pmap->root);
}

/* ---- the kernel's own ------------------------------------------------------------------------------- */

bool pmap_enter_kernel(uint64_t address, uint64_t physical)
{
    const struct hal_pmap kernel = {.root = (uint64_t)boot_map - KERNEL_BASE};
    int level;
    uint64_t *entry = find_entry(&kernel, address, true, &level);

    if (entry != NULL)
        *entry = physical | PRESENT | WRITABLE | NO_EXECUTE;
    return entry != NULL;
}

/* The registers of interrupt controllers are no memory: their pages of the direct map are not cached. */
void pmap_start(void)
{
    boot_directories[CONTROLLER_ADDRESS >> 21] |= UNCACHED;
    boot_directories[(CONTROLLER_ADDRESS >> 21) - 1] |= UNCACHED; /* those of the machine's lines are just below */
    cpu_set_map(cpu_map());
}
