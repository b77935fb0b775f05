/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * selftest.c - tests of the machine by itself, and of the core's memory on its page tables: the kernel's command line asks
 * for them by the word selftest.
 */
#include "hal/x86_64/cpu.h"
#include "hal/x86_64/processor.h"
#include "kern/timer.h"
#include "vm/vm_fault.h"
#include "vm/vm_page.h"

#include <mach/vm_inherit.h>
#include <mach/vm_prot.h>

#define PAGE ((uint64_t)HAL_PAGE_SIZE)
#define PLACE ((uint64_t)0x10000000)

/* entry.S: what each gives, or -1 if it faults. */
int probe_load(uint64_t address);
int probe_store(uint64_t address, int byte);
int probe_call(uint64_t address);
int probe_divide(void);
int probe_undefined(void);
int probe_breakpoint(void);
extern char probe_failed[];

static unsigned checks, failures;
static bool fine; /* the test at hand */

static void check_at(bool condition, int line, const char *what)
{
    if (condition)
        return;
    if (fine)
        console_print("# selftest.c:%d: %s\n", line, what);
    fine = false;
}

#define CHECK(condition) check_at(condition, __LINE__, #condition)

/* The vector of the fault that a probe makes; -1: none. */
#define FAULT_OF(probe)                                                                                                \
    ({                                                                                                                 \
        int vector_ = -1;                                                                                              \
                                                                                                                       \
        fault_resume = probe_failed;                                                                                   \
        fault_expected = &vector_;                                                                                     \
        (void)(probe);                                                                                                 \
        fault_expected = NULL;                                                                                         \
        vector_;                                                                                                       \
    })

static uint64_t random_state = 1;

static uint64_t random_number(uint64_t below)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (random_state >> 33) % below;
}

/* The largest block that the smallest machine has room for beside all smaller ones. */
#define LARGE_ORDER 11u

/* ---- memory ---------------------------------------------------------------------------------------- */

static void blocks_are_apart_and_come_together_again(void)
{
    uint64_t blocks[LARGE_ORDER + 1];
    const uint64_t before = memory_free_pages();

    for (unsigned order = 0; order <= LARGE_ORDER; order++) {
        blocks[order] = memory_take(order);
        CHECK(blocks[order] != 0 && blocks[order] % (PAGE << order) == 0);
        memset(memory_at(blocks[order]), (int)order + 1, PAGE << order);
    }
    for (unsigned order = 0; order <= LARGE_ORDER; order++) {
        const unsigned char *bytes = memory_at(blocks[order]);

        CHECK(bytes[0] == order + 1 && bytes[(PAGE << order) - 1] == order + 1);
        memory_give(blocks[order], order);
    }
    CHECK(memory_free_pages() == before);
    const uint64_t again = memory_take(LARGE_ORDER);

    CHECK(again != 0);
    memory_give(again, LARGE_ORDER);
    CHECK(memory_take(MEMORY_ORDERS) == 0);
}

static void allocations_keep_what_is_written(void)
{
    static struct {
        unsigned char *bytes;
        size_t size;
    } held[256];
    const uint64_t pages = memory_free_pages(), bytes = zone_bytes();

    for (unsigned i = 0; i < 20000 && fine; i++) {
        const unsigned at = (unsigned)random_number(256);

        if (held[at].bytes != NULL) {
            CHECK(held[at].bytes[0] == at && held[at].bytes[held[at].size - 1] == at);
            hal_free(held[at].bytes, held[at].size);
            held[at].bytes = NULL;
            continue;
        }
        held[at].size = random_number(8) == 0 ? 1 + random_number(20000) : 1 + random_number(300);
        held[at].bytes = hal_alloc(held[at].size);
        CHECK(held[at].bytes != NULL && (uint64_t)held[at].bytes % 16 == 0);
        if (held[at].bytes == NULL)
            continue;
        CHECK(held[at].bytes[0] == 0 && held[at].bytes[held[at].size - 1] == 0);
        memset(held[at].bytes, (int)at, held[at].size);
    }
    for (unsigned at = 0; at < 256; at++)
        hal_free(held[at].bytes, held[at].size);
    CHECK(zone_bytes() == bytes);
    zone_trim();
    CHECK(memory_free_pages() + 14 * 4 >= pages); /* a slab of each size may stay */
}

static void memory_that_is_used_up_is_refused(void)
{
    const uint64_t before = memory_free_pages();
    uint64_t list = 0, page;

    while ((page = memory_take(0)) != 0) {
        *(uint64_t *)memory_at(page) = list;
        list = page;
    }
    CHECK(memory_free_pages() == 0 && hal_frames_free() == 0);
    CHECK(hal_alloc(100000) == NULL && hal_pmap_create() == NULL);
    for (; list != 0; list = page) {
        page = *(uint64_t *)memory_at(list);
        memory_give(list, 0);
    }
    CHECK(memory_free_pages() == before);
}

/* ---- mappings -------------------------------------------------------------------------------------- */

static void pages_are_seen_where_they_are_mapped_and_nowhere_else(void)
{
    const uint64_t before = memory_free_pages();
    struct hal_pmap *one = hal_pmap_create(), *other = hal_pmap_create();
    struct hal_store *store = NULL;
    const hal_frame_t frame = hal_frame_alloc(&store, 0);

    CHECK(one != NULL && other != NULL && frame != HAL_NO_FRAME);
    hal_frame_zero(frame);
    CHECK(hal_pmap_enter(one, PLACE, frame, VM_PROT_READ | VM_PROT_WRITE));
    CHECK(hal_pmap_enter(other, PLACE + 7 * PAGE, frame, VM_PROT_READ));
    pmap_use(cpu_self(), one);
    CHECK(probe_store(PLACE + 5, 77) == 0);
    CHECK(FAULT_OF(probe_load(PLACE + PAGE)) == VECTOR_PAGE_FAULT);
    CHECK(FAULT_OF(probe_call(PLACE)) == VECTOR_PAGE_FAULT); /* it is data */
    pmap_use(cpu_self(), other);
    CHECK(probe_load(PLACE + 7 * PAGE + 5) == 77);
    CHECK(FAULT_OF(probe_store(PLACE + 7 * PAGE, 1)) == VECTOR_PAGE_FAULT);
    CHECK(FAULT_OF(probe_load(PLACE)) == VECTOR_PAGE_FAULT);
    pmap_use(cpu_self(), one);
    hal_frame_protect(frame, VM_PROT_READ);
    CHECK(FAULT_OF(probe_store(PLACE, 1)) == VECTOR_PAGE_FAULT);
    CHECK(probe_load(PLACE + 5) == 77);
    hal_pmap_remove(one, 0, USER_END);
    CHECK(FAULT_OF(probe_load(PLACE)) == VECTOR_PAGE_FAULT);
    hal_frame_protect(frame, VM_PROT_NONE);
    CHECK(list_empty(memory_mappings(frame)));
    hal_frame_free(frame);
    hal_pmap_destroy(one);
    hal_pmap_destroy(other);
    CHECK(memory_free_pages() + 4 >= before);
}

/* What the core keeps in maps, shares and copies, by real page tables: a fault is what it is without programs too. */
static int load(struct vm_map *map, uint64_t address)
{
    pmap_use(cpu_self(), map->pmap);
    if (FAULT_OF(probe_load(address)) != -1 && vm_fault(map, address, VM_PROT_READ, NULL) != KERN_SUCCESS)
        return -1;
    return FAULT_OF(probe_load(address)) == -1 ? probe_load(address) : -2;
}

static bool store(struct vm_map *map, uint64_t address, int byte)
{
    pmap_use(cpu_self(), map->pmap);
    if (FAULT_OF(probe_store(address, byte)) == -1)
        return true;
    return vm_fault(map, address, VM_PROT_READ | VM_PROT_WRITE, NULL) == KERN_SUCCESS &&
           FAULT_OF(probe_store(address, byte)) == -1;
}

static uint64_t allocate(struct vm_map *map, uint64_t pages)
{
    struct vm_map_entry like = {
        .protection = VM_PROT_READ | VM_PROT_WRITE, .max_protection = VM_PROT_ALL, .inheritance = VM_INHERIT_COPY};
    uint64_t address = 0;

    CHECK(vm_map_enter(map, &address, pages * PAGE, 0, true, false, &like) == KERN_SUCCESS);
    return address;
}

static void memory_is_copied_when_it_is_written(void)
{
    const uint64_t before = memory_free_pages();
    struct vm_map *parent = vm_map_create(1 << 30);
    const uint64_t address = allocate(parent, 100);

    for (unsigned i = 0; i < 100; i++)
        CHECK(store(parent, address + i * PAGE, (int)i));
    CHECK(vm_map_inherit(parent, address, address + 10 * PAGE, VM_INHERIT_SHARE) == KERN_SUCCESS);
    struct vm_map *child = vm_map_fork(parent);

    CHECK(child != NULL);
    for (unsigned i = 0; i < 100; i++)
        CHECK(load(child, address + i * PAGE) == (int)i);
    CHECK(store(child, address, 200) && store(child, address + 20 * PAGE, 201) && store(parent, address + 30 * PAGE, 202));
    CHECK(load(parent, address) == 200);
    CHECK(load(parent, address + 20 * PAGE) == 20);
    CHECK(load(child, address + 30 * PAGE) == 30);
    CHECK(vm_map_protect(child, address, address + PAGE, VM_PROT_READ, false) == KERN_SUCCESS);
    CHECK(!store(child, address, 1) && load(child, address) == 200);
    pmap_use(cpu_self(), NULL);
    vm_map_destroy(child);
    vm_map_destroy(parent);
    CHECK(memory_free_pages() + 100 >= before); /* slabs may stay */
}

/* ---- exceptions and time ------------------------------------------------------------------------------- */

static void exceptions_have_their_vectors(void)
{
    CHECK(FAULT_OF(probe_divide()) == 0);
    CHECK(FAULT_OF(probe_breakpoint()) == 3);
    CHECK(FAULT_OF(probe_undefined()) == 6);
    CHECK(FAULT_OF(probe_load((uint64_t)1 << 62)) == 13); /* no address at all */
    CHECK(FAULT_OF(probe_load(USER_END + PAGE)) == 13);
    CHECK(FAULT_OF(probe_load(0)) == VECTOR_PAGE_FAULT);
}

static uint64_t fired_at;

static void fire(struct timer *timer)
{
    (void)timer;
    fired_at = hal_now();
}

static void the_clock_goes_and_wakes(void)
{
    struct timer timer = {.function = fire};
    const uint64_t before = hal_now(), deadline = before + 20 * 1000 * 1000;

    CHECK(hal_now() >= before);
    timer_set(&timer, deadline);
    while (fired_at == 0 && hal_now() < before + (uint64_t)5000 * 1000 * 1000) {
        cpu_wait();
        (void)processor_work();
    }
    CHECK(fired_at >= deadline);
}

/* ---- all ------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*function)(void);
} tests[] = {
    {"blocks are apart and come together again", blocks_are_apart_and_come_together_again},
    {"allocations keep what is written", allocations_keep_what_is_written},
    {"memory that is used up is refused", memory_that_is_used_up_is_refused},
    {"pages are seen where they are mapped and nowhere else", pages_are_seen_where_they_are_mapped_and_nowhere_else},
    {"memory is copied when it is written", memory_is_copied_when_it_is_written},
    {"exceptions have their vectors", exceptions_have_their_vectors},
    {"the clock goes and wakes", the_clock_goes_and_wakes},
};

bool selftest(void)
{
    const unsigned count = sizeof tests / sizeof *tests;

    console_print("1..%u\n", count);
    for (unsigned i = 0; i < count; i++) {
        fine = true;
        tests[i].function();
        console_print("%s %u - %s\n", fine ? "ok" : "not ok", i + 1, tests[i].name);
        failures += !fine;
        checks++;
    }
    return failures == 0;
}
