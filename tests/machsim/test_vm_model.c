/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_vm_model.c - random operations on a few maps, against a model that holds a byte for each page: pages that are
 * shared have one cell, pages that are copied another.  Allocations fail now and then; frames are fewer than pages, so that
 * these go to managers and come back, in any order; and some memory is managed from the start.
 *
 *   test_vm_model [SEED [OPERATIONS]]
 *
 * Without a seed, those from 1 to 20.  The seed is printed.  What fails is run again with fewer operations, as long as it fails; those left are printed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mach/mig_errors.h>

#include "core_manager.h"
#include "maps.h"
#include "vm/vm_pager.h"

#define MAPS 5
#define PAGES 24
#define BASE ((uint64_t)0x100000)
#define MAX_OPERATIONS 4000
#define FRAMES 40

/* ---- the model ------------------------------------------------------------------------------------- */

struct cell {
    unsigned refs;
    unsigned char byte;
};

struct model_page {
    struct cell *cell; /* NULL: nothing is there */
    vm_prot_t protection, max;
    vm_inherit_t inheritance;
};

static struct vm_map *maps[MAPS];
static struct model_page model[MAPS][PAGES];

static struct cell *new_cell(unsigned char byte)
{
    struct cell *cell = malloc(sizeof *cell);

    *cell = (struct cell){.refs = 1, .byte = byte};
    return cell;
}

static struct cell *share_cell(struct cell *cell)
{
    if (cell != NULL)
        cell->refs++;
    return cell;
}

static void drop(struct model_page *page)
{
    if (page->cell != NULL && --page->cell->refs == 0)
        free(page->cell);
    page->cell = NULL;
}

/* ---- operations ------------------------------------------------------------------------------------ */

enum kind { FAIL, ALLOCATE, DEALLOCATE, PROTECT, LIMIT, INHERIT, STORE, LOAD, FORK, END, COPY, REMAP, WIRE, BEHAVE, MAP, SERVE, KINDS };
static const char *const kind_names[] = {"fail", "allocate", "deallocate", "protect", "limit",  "inherit", "store", "load",
                                         "fork",     "end",        "copy",    "remap", "wire",    "behave", "map",   "serve"};

struct operation {
    enum kind kind;
    unsigned map, page, count, other_map, other_page, value;
};

/* The pages of managed objects. */
static struct cell *managed[MANAGED_OBJECTS][MANAGED_PAGES];

static unsigned char first_byte(unsigned object, unsigned page)
{
    return (unsigned char)(1 + object * 100 + page);
}

static void woken(struct waiter *waiter)
{
    waiter_restart(waiter);
}

static struct waiter waiter; /* without `wake`: loads and stores wait by themselves */

/* What an operation waits with, the first time and each time that it begins anew. */
static struct waiter *own_waiter(void)
{
    if (waiter.wake == NULL)
        waiter_init(&waiter, woken);
    waiter_restart(&waiter);
    return &waiter;
}

/* An operation that has to wait is woken while there is something to be done. */
static bool wait_on(void)
{
    bool some = true;

    sim_settle();
    while (waiter.wake != NULL && waiter.waited && some)
        some = managers_serve();
    lock_acquire(&vm_lock);
    if (waiter.wake != NULL)
        (void)waiter_cancel(&waiter);
    lock_release(&vm_lock);
    return waiter.wake == NULL ? managers_serve() : some;
}

/* Too much is wired for frames to be had: nothing is then.  False: nothing was. */
static bool unwire_all(void)
{
    const bool some = vm_page_counts.wired > 0;

    for (unsigned round = 0; vm_page_counts.wired > 0 && round < 1000; round++)
        for (unsigned map = 0; map < MAPS; map++)
            for (unsigned page = 0; maps[map] != NULL && page < PAGES; page++)
                (void)vm_map_wire(maps[map], BASE + page * PAGE, BASE + (page + 1) * PAGE, VM_PROT_NONE, NULL);
    return some;
}

/*
 * With nearly all frames wired, pages that an operation needs together can go round in circles, each sent off for the
 * next: then nothing is wired from some round on.
 */
#define ROUNDS_MAX 10000

#define WAIT_FOR(call)                                                                                                 \
    ({                                                                                                                 \
        kern_return_t waited_ = (call);                                                                                \
                                                                                                                       \
        for (unsigned round_ = 0; waited_ == MIG_NO_REPLY && wait_on(); round_++) {                                    \
            if (round_ == ROUNDS_MAX)                                                                                  \
                (void)unwire_all();                                                                                    \
            waited_ = (call);                                                                                          \
        }                                                                                                              \
        if (waited_ == KERN_RESOURCE_SHORTAGE && !sim_failed() && unwire_all())                                        \
            waited_ = (call);                                                                                          \
        while (waited_ == MIG_NO_REPLY && wait_on())                                                                   \
            waited_ = (call);                                                                                          \
        waited_;                                                                                                       \
    })

/*
 * What an operation results in.  If that is a lack of memory that was brought about, it must have changed nothing: it
 * is done once more, with memory.
 */
#define WITH_MEMORY(call, shortage)                                                                                    \
    ({                                                                                                                 \
        __auto_type result_ = (call);                                                                                  \
                                                                                                                       \
        if (sim_failed() && result_ == (shortage)) {                                                                   \
            sim_fail_allocation(0);                                                                                    \
            result_ = (call);                                                                                          \
        }                                                                                                              \
        result_;                                                                                                       \
    })
#define TRY(call) WITH_MEMORY(WAIT_FOR(call), KERN_RESOURCE_SHORTAGE)

static bool same(const struct operation *o, const char *what, long long got, long long expected)
{
    if (got == expected)
        return true;
    fprintf(stderr, "  %s of map %u, page %u: %s is %lld, not %lld\n", kind_names[o->kind], o->map, o->page, what, got,
            expected);
    return false;
}

static uint64_t address_of(unsigned page)
{
    return BASE + page * PAGE;
}

/* Whether all pages of a range are there and allow something. */
static kern_return_t check_range(const struct model_page *pages, unsigned first, unsigned count, vm_prot_t protection,
                                 bool max)
{
    for (unsigned i = first; i < first + count; i++) {
        if (pages[i].cell == NULL)
            return KERN_INVALID_ADDRESS;
        if (protection & ~(max ? pages[i].max : pages[i].protection))
            return KERN_PROTECTION_FAILURE;
    }
    return KERN_SUCCESS;
}

static bool do_allocate(const struct operation *o)
{
    struct model_page *pages = model[o->map];
    kern_return_t expected = KERN_SUCCESS;

    for (unsigned i = o->page; i < o->page + o->count; i++)
        if (pages[i].cell != NULL)
            expected = KERN_NO_SPACE;
    if (expected == KERN_SUCCESS)
        for (unsigned i = o->page; i < o->page + o->count; i++)
            pages[i] = (struct model_page){new_cell(0), VM_PROT_DEFAULT, VM_PROT_ALL, VM_INHERIT_COPY};
    return same(o, "result", TRY(allocate_at(maps[o->map], address_of(o->page), o->count * PAGE)), expected);
}

static bool do_deallocate(const struct operation *o)
{
    for (unsigned i = o->page; i < o->page + o->count; i++)
        drop(&model[o->map][i]);
    return same(o, "result", TRY(vm_map_remove(maps[o->map], address_of(o->page), address_of(o->page + o->count))),
                KERN_SUCCESS);
}

static bool do_protect(const struct operation *o)
{
    struct model_page *pages = model[o->map];
    const vm_prot_t protection = (vm_prot_t)(o->value % 8);
    const kern_return_t expected = check_range(pages, o->page, o->count, protection, true);

    if (expected == KERN_SUCCESS)
        for (unsigned i = o->page; i < o->page + o->count; i++) {
            pages[i].protection = o->kind == LIMIT ? pages[i].protection & protection : protection;
            if (o->kind == LIMIT)
                pages[i].max = protection;
        }
    return same(o, "result", TRY(vm_map_protect(maps[o->map], address_of(o->page), address_of(o->page + o->count),
                                            protection, o->kind == LIMIT)), expected);
}

static bool do_inherit(const struct operation *o)
{
    const vm_inherit_t inheritance = o->value % 3;

    for (unsigned i = o->page; i < o->page + o->count; i++)
        model[o->map][i].inheritance = inheritance;
    return same(o, "result", TRY(vm_map_inherit(maps[o->map], address_of(o->page), address_of(o->page + o->count),
                                            inheritance)), KERN_SUCCESS);
}

static bool do_store(const struct operation *o)
{
    struct model_page *page = &model[o->map][o->page];
    const kern_return_t expected = check_range(model[o->map], o->page, 1, VM_PROT_WRITE, false);

    if (expected == KERN_SUCCESS)
        page->cell->byte = (unsigned char)o->value;
    waiter.wake = NULL;
    return same(o, "result", TRY(sim_store(maps[o->map], address_of(o->page) + 7, (unsigned char)o->value)), expected);
}

static bool check_load(const struct operation *o, unsigned map, unsigned page)
{
    const kern_return_t expected = check_range(model[map], page, 1, VM_PROT_READ, false);
    const struct operation at = {.kind = o->kind, .map = map, .page = page};
    unsigned char byte = 0;

    waiter.wake = NULL;
    if (!same(&at, "load", TRY(sim_load(maps[map], address_of(page) + 7, &byte)), expected))
        return false;
    return expected != KERN_SUCCESS || same(&at, "byte", byte, model[map][page].cell->byte);
}

static bool do_fork(const struct operation *o)
{
    if (maps[o->other_map] != NULL || maps[o->map] == NULL)
        return true;
    for (unsigned i = 0; i < PAGES; i++) {
        struct model_page *page = &model[o->map][i], *child = &model[o->other_map][i];

        *child = *page;
        if (page->cell == NULL || page->inheritance == VM_INHERIT_NONE)
            child->cell = NULL;
        else if (page->inheritance == VM_INHERIT_SHARE)
            (void)share_cell(page->cell);
        else
            child->cell = new_cell(page->cell->byte);
    }
    maps[o->other_map] = WITH_MEMORY(vm_map_fork(maps[o->map]), NULL);
    return same(o, "fork", maps[o->other_map] != NULL, true);
}

static void end_map(unsigned map)
{
    for (unsigned i = 0; i < PAGES; i++)
        drop(&model[map][i]);
    if (maps[map] != NULL)
        vm_map_destroy(maps[map]);
    maps[map] = NULL;
}

static bool do_copy(const struct operation *o)
{
    struct model_page *pages = model[o->map];
    unsigned char bytes[PAGES];
    kern_return_t expected = check_range(pages, o->page, o->count, VM_PROT_READ, false);

    if (expected == KERN_SUCCESS)
        expected = check_range(pages, o->other_page, o->count, VM_PROT_WRITE, false);
    for (unsigned i = 0; expected == KERN_SUCCESS && i < o->count; i++)
        bytes[i] = pages[o->page + i].cell->byte;
    for (unsigned i = 0; expected == KERN_SUCCESS && i < o->count; i++)
        pages[o->other_page + i].cell->byte = bytes[i];
    return same(o, "result", TRY(vm_map_copy_range(maps[o->map], address_of(o->page), o->count * PAGE,
                                               address_of(o->other_page), own_waiter())), expected);
}

/* A range into another map, or another place: shared, or a copy; over what is there, or not. */
static bool do_remap(const struct operation *o)
{
    struct model_page *from = model[o->map], *to = model[o->other_map], moved[PAGES];
    const bool copied = o->value & 1, overwrite = o->value & 2;
    kern_return_t expected = check_range(from, o->page, o->count, VM_PROT_NONE, false);
    uint64_t address = address_of(o->other_page);
    vm_prot_t current, max;

    if (maps[o->other_map] == NULL)
        return true;
    for (unsigned i = 0; i < o->count && expected == KERN_SUCCESS && !overwrite; i++)
        if (to[o->other_page + i].cell != NULL)
            expected = KERN_NO_SPACE;
    for (unsigned i = 0; i < o->count && expected == KERN_SUCCESS; i++) {
        moved[i] = from[o->page + i];
        moved[i].inheritance = VM_INHERIT_SHARE;
        moved[i].cell = copied ? new_cell(moved[i].cell->byte) : share_cell(moved[i].cell);
    }
    for (unsigned i = 0; i < o->count && expected == KERN_SUCCESS; i++) {
        drop(&to[o->other_page + i]);
        to[o->other_page + i] = moved[i];
    }
    return same(o, "result", TRY(vm_map_remap(maps[o->map], address_of(o->page), o->count * PAGE, maps[o->other_map],
                                          &address, 0, false, overwrite, copied, VM_INHERIT_SHARE, &current, &max, own_waiter())),
                expected);
}

/* A part of a managed object, shared or a copy, in place of what is there. */
static kern_return_t map_object(const struct operation *o, unsigned object)
{
    struct vm_map_entry like = plain_memory;
    uint64_t address = address_of(o->page);
    struct vm_object *found;
    kern_return_t result = vm_pager_map(managers_object(object), (o->other_page + o->count) * PAGE, &found);

    sim_settle();
    if (result != KERN_SUCCESS)
        return result;
    lock_acquire(&vm_lock);
    like.offset = o->other_page * PAGE;
    like.object = o->value & 1 ? vm_object_copy_delayed(found, like.offset, o->count * PAGE) : found;
    if (!(o->value & 1))
        vm_object_reference(found);
    vm_object_release(found);
    lock_release(&vm_lock);
    if (like.object == NULL)
        return KERN_RESOURCE_SHORTAGE;
    like.needs_copy = o->value & 1;
    like.shared = !like.needs_copy;
    result = vm_map_enter(maps[o->map], &address, o->count * PAGE, 0, false, true, &like);
    if (result != KERN_SUCCESS) {
        lock_acquire(&vm_lock);
        vm_object_release(like.object);
        lock_release(&vm_lock);
    }
    sim_settle();
    return result;
}

static bool do_map(const struct operation *o)
{
    struct model_page *pages = model[o->map];
    const unsigned object = o->value / 2 % MANAGED_OBJECTS;

    for (unsigned i = 0; i < o->count; i++) {
        struct cell *cell = managed[object][o->other_page + i];

        drop(&pages[o->page + i]);
        pages[o->page + i] = (struct model_page){o->value & 1 ? new_cell(cell->byte) : share_cell(cell),
                                                 VM_PROT_DEFAULT, VM_PROT_ALL, VM_INHERIT_COPY};
    }
    return same(o, "result", TRY(map_object(o, object)), KERN_SUCCESS);
}

static bool do_wire(const struct operation *o)
{
    const vm_prot_t access = o->value & 1 ? VM_PROT_READ : VM_PROT_NONE;

    return same(o, "result", TRY(vm_map_wire(maps[o->map], address_of(o->page), address_of(o->page + o->count), access, own_waiter())),
                check_range(model[o->map], o->page, o->count, access, false));
}

static bool do_behave(const struct operation *o)
{
    const vm_behavior_t behavior = (vm_behavior_t)(o->value % 5);

    return same(o, "result", TRY(vm_map_behavior_set(maps[o->map], address_of(o->page), address_of(o->page + o->count),
                                                 behavior)), check_range(model[o->map], o->page, o->count, 0, false));
}

static bool do_operation(const struct operation *o)
{
    if (o->kind == FAIL) {
        sim_fail_allocation(1 + o->value % 6);
        return true;
    }
    if (o->kind == SERVE) {
        for (unsigned i = 0; i < o->count; i++)
            (void)managers_serve();
        return true;
    }
    if (o->kind == FORK)
        return do_fork(o);
    if (maps[o->map] == NULL)
        return true;
    switch (o->kind) {
    case ALLOCATE: return do_allocate(o);
    case DEALLOCATE: return do_deallocate(o);
    case PROTECT:
    case LIMIT: return do_protect(o);
    case INHERIT: return do_inherit(o);
    case STORE: return do_store(o);
    case LOAD: return check_load(o, o->map, o->page);
    case END:
        if (o->map != 0)
            end_map(o->map);
        return true;
    case COPY: return do_copy(o);
    case REMAP: return do_remap(o);
    case WIRE: return do_wire(o);
    case MAP: return do_map(o);
    default: return do_behave(o);
    }
}

static bool check_all(const struct operation *o)
{
    for (unsigned map = 0; map < MAPS; map++)
        for (unsigned page = 0; maps[map] != NULL && page < PAGES; page++)
            if (!check_load(o, map, page))
                return false;
    return true;
}

/* ---- runs ------------------------------------------------------------------------------------------ */

static bool run(const struct operation *operations, unsigned count)
{
    bool fine = true;

    sim_start(1);
    sim_set_frames(FRAMES);
    managers_start(first_byte);
    for (unsigned object = 0; object < MANAGED_OBJECTS; object++)
        for (unsigned page = 0; page < MANAGED_PAGES; page++)
            managed[object][page] = new_cell(first_byte(object, page));
    maps[0] = new_map();
    fine = do_allocate(&(struct operation){.kind = ALLOCATE, .count = PAGES});
    for (unsigned i = 0; fine && i < count; i++)
        fine = do_operation(&operations[i]) && (i % 16 != 0 || check_all(&operations[i]));
    fine = fine && check_all(&(struct operation){.kind = LOAD});
    for (unsigned map = 0; map < MAPS; map++)
        end_map(map);
    sim_fail_allocation(0);
    managers_stop();
    if (fine && (vm_object_count != 0 || sim_frames_used() != 0)) {
        fprintf(stderr, "  %llu objects and %llu frames are left\n", (unsigned long long)vm_object_count,
                (unsigned long long)sim_frames_used());
        fine = false;
    }
    if (fine)
        sim_stop();
    return fine;
}

/* The same in a process of its own: it may end in any way. */
static bool survives(const struct operation *operations, unsigned count, bool quiet)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        if (quiet && freopen("/dev/null", "w", stderr) == NULL)
            _exit(2);
        alarm(60);
        _exit(run(operations, count) ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    return status == 0;
}

/* Half of all that happens is bytes; what takes away is rarer than what gives, so that most of it succeeds. */
static enum kind some_kind(void)
{
    static const enum kind usual[] = {ALLOCATE, ALLOCATE, ALLOCATE, ALLOCATE, DEALLOCATE, PROTECT, PROTECT, LIMIT,
                                      INHERIT,  INHERIT,  LOAD,     FORK,     FORK,       END,     COPY,    COPY,
                                      COPY,     REMAP,    REMAP,    REMAP,    WIRE,       WIRE,    BEHAVE,  FAIL,    FAIL,
                                      FAIL,     MAP,      MAP,      SERVE,    SERVE};

    return rand() % 2 ? STORE : usual[(size_t)rand() % (sizeof usual / sizeof *usual)];
}

static void invent(struct operation *operations, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct operation *o = &operations[i];

        o->kind = some_kind();
        o->map = (unsigned)rand() % MAPS;
        o->other_map = (unsigned)rand() % MAPS;
        o->page = (unsigned)rand() % PAGES;
        o->count = 1 + (unsigned)rand() % (o->kind == ALLOCATE || o->kind == DEALLOCATE ? 2 : 6);
        if (o->page + o->count > PAGES)
            o->count = PAGES - o->page;
        o->other_page = (unsigned)rand() % (PAGES - o->count + 1);
        o->value = (unsigned)rand() % 256;
        if ((o->kind == PROTECT || o->kind == LIMIT) && rand() % 8 != 0)
            o->value = VM_PROT_ALL;
    }
}

/* Leaves out what the failure does not need. */
static unsigned shrink(struct operation *operations, unsigned count)
{
    static struct operation fewer[MAX_OPERATIONS];

    for (unsigned piece = count / 2; piece > 0; piece /= 2)
        for (unsigned at = 0; at + piece <= count;) {
            memcpy(fewer, operations, at * sizeof *fewer);
            memcpy(fewer + at, operations + at + piece, (count - at - piece) * sizeof *fewer);
            if (survives(fewer, count - piece, true)) {
                at += piece;
                continue;
            }
            count -= piece;
            memcpy(operations, fewer, count * sizeof *fewer);
        }
    return count;
}

static int report(struct operation *operations, unsigned count)
{
    count = shrink(operations, count);
    fprintf(stderr, "these %u operations fail:\n", count);
    for (unsigned i = 0; i < count; i++) {
        const struct operation *o = &operations[i];

        fprintf(stderr, "  %-10s map %u page %u count %u, map %u page %u, value %u\n", kind_names[o->kind], o->map,
                o->page, o->count, o->other_map, o->other_page, o->value);
    }
    (void)survives(operations, count, false);
    printf("0 passed, 1 failed\n");
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    static struct operation operations[MAX_OPERATIONS];
    const unsigned seed = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
    const unsigned wanted = argc > 2 ? (unsigned)atoi(argv[2]) : 1500, rounds = argc > 1 ? 1 : 20;
    const unsigned count = wanted < MAX_OPERATIONS ? wanted : MAX_OPERATIONS;

    for (unsigned round = 0; round < rounds; round++) {
        printf("seed %u, %u operations\n", seed + round, count);
        fflush(stdout);
        srand(seed + round);
        invent(operations, count);
        if (!survives(operations, count, false))
            return report(operations, count);
    }
    printf("%u passed, 0 failed\n", rounds);
    return EXIT_SUCCESS;
}
