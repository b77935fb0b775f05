/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * coherent.c - memory that two kernels share, or two tasks that are told apart: each maps an object of its own, and the
 * manager sees to it that a page is either readable in both or writable in one.  Before one may write, the other's page
 * is taken back: write-invalidate.
 *
 * One thread serves both objects.  While a page is on its way back from one side, what the other asked for waits.
 */
#include <mach/mach_vm.h>
#include <mach/pager.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common.h"

#define PAGES 4
#define PAGE ((vm_size_t)4096)
#define ROUNDS 200

enum mode { NOTHING, READS, WRITES };

struct side;

static struct page {
    unsigned char bytes[4096];
    enum mode modes[2];
    bool recalling;      /* from the side that does not wait */
    struct side *waits;  /* for it */
    vm_prot_t access;
    unsigned answers[2]; /* `completed` is to be called so often */
} pages[PAGES];

static struct side {
    unsigned number;
    pager_t pager;
} sides[2] = {{.number = 0}, {.number = 1}};

static unsigned moves;

static struct side *other_of(const struct side *side)
{
    return &sides[1 - side->number];
}

/* A side gets a page, for reading or for writing too. */
static void grant(struct side *side, unsigned number, vm_prot_t access)
{
    struct page *page = &pages[number];
    const bool had = page->modes[side->number] != NOTHING;

    page->modes[side->number] = access & VM_PROT_WRITE ? WRITES : READS;
    moves++;
    if (had) {
        page->answers[side->number]++;
        must(pager_lock(side->pager, number * PAGE, PAGE, access & VM_PROT_WRITE ? VM_PROT_NONE : VM_PROT_WRITE), "lock");
    }
    /* What is not there any more, though it was locked, is asked for once more: then it is supplied. */
    must(pager_supply(side->pager, number * PAGE, page->bytes, PAGE, access & VM_PROT_WRITE ? VM_PROT_NONE : VM_PROT_WRITE),
         "supply");
}

static bool conflicts(enum mode other, vm_prot_t access)
{
    return other == WRITES || (other == READS && (access & VM_PROT_WRITE));
}

static void ask(struct side *side, unsigned number, vm_prot_t access)
{
    struct page *page = &pages[number];
    struct side *other = other_of(side);

    if (page->recalling) {
        page->access |= access;
        return;
    }
    if (!conflicts(page->modes[other->number], access)) {
        grant(side, number, access);
        return;
    }
    page->recalling = true;
    page->waits = side;
    page->access = access;
    page->answers[other->number]++;
    must(pager_return(other->pager, number * PAGE, PAGE, TRUE), "return");
}

/* ---- what the kernel asks --------------------------------------------------------------------------- */

static bool wanted_again[2][PAGES]; /* asked for while it was being taken back */
static vm_prot_t wanted_access[2][PAGES];

static void want(struct side *side, memory_object_offset_t offset, vm_prot_t access)
{
    const unsigned number = (unsigned)(offset / PAGE);
    struct page *page = &pages[number];

    if (page->recalling && page->waits != side) {
        wanted_again[side->number][number] = true;
        wanted_access[side->number][number] |= access;
        return;
    }
    ask(side, number, access);
}

static kern_return_t read_page(void *cookie, memory_object_offset_t offset, void *data, vm_size_t size,
                               vm_prot_t access, vm_prot_t *lock)
{
    (void)data, (void)size, (void)lock;
    want(cookie, offset, access);
    return MIG_NO_REPLY;
}

static kern_return_t unlock_page(void *cookie, memory_object_offset_t offset, vm_size_t size, vm_prot_t access)
{
    (void)size;
    want(cookie, offset, access);
    return MIG_NO_REPLY;
}

static kern_return_t write_page(void *cookie, memory_object_offset_t offset, const void *data, vm_size_t size)
{
    (void)cookie;
    for (vm_size_t at = 0; at < size; at += PAGE)
        memcpy(pages[(offset + at) / PAGE].bytes, (const unsigned char *)data + at, PAGE);
    return KERN_SUCCESS;
}

/* A page has been taken back: the other side gets it, and then this one what it asked for meanwhile. */
static void taken_back(struct side *side, unsigned number)
{
    struct page *page = &pages[number];

    if (!page->recalling || page->waits == side)
        return;
    page->recalling = false;
    page->modes[side->number] = NOTHING;
    grant(page->waits, number, page->access);
    if (wanted_again[side->number][number]) {
        const vm_prot_t access = wanted_access[side->number][number];

        wanted_again[side->number][number] = false;
        wanted_access[side->number][number] = VM_PROT_NONE;
        ask(side, number, access);
    }
}

static void completed(void *cookie, memory_object_offset_t offset, memory_object_size_t size)
{
    struct side *side = cookie;
    const unsigned number = (unsigned)(offset / PAGE);

    (void)size;
    if (--pages[number].answers[side->number] == 0)
        taken_back(side, number);
}

static unsigned ended;

/* All that it had has come back, and no more answers will. */
static void unmapped(void *cookie)
{
    struct side *side = cookie;

    ended++;
    for (unsigned number = 0; number < PAGES; number++) {
        pages[number].answers[side->number] = 0;
        wanted_again[side->number][number] = false;
        pages[number].modes[side->number] = NOTHING;
        taken_back(side, number);
    }
}

/* ---- the two tasks --------------------------------------------------------------------------------- */

/* They take turns by words in the memory itself, and each adds to a sum on each page. */
static int use(mach_port_t object, unsigned number)
{
    mach_vm_address_t address = 0;

    must(mach_vm_map(mach_task_self(), &address, PAGES * PAGE, 0, VM_FLAGS_ANYWHERE, object, 0, FALSE, VM_PROT_DEFAULT,
                     VM_PROT_DEFAULT, VM_INHERIT_NONE), "mach_vm_map");
    _Atomic unsigned *turn = (_Atomic unsigned *)address;

    for (unsigned round = 0; round < ROUNDS; round++) {
        while (atomic_load(turn) != 2 * round + number)
            usleep(100);
        for (unsigned page = 1; page < PAGES; page++)
            *(volatile unsigned *)(address + page * PAGE) += page;
        atomic_store(turn, 2 * round + number + 1);
    }
    if (number == 0)
        while (atomic_load(turn) != 2 * ROUNDS)
            usleep(100);
    for (unsigned page = 1; page < PAGES; page++)
        if (*(volatile unsigned *)(address + page * PAGE) != 2 * ROUNDS * page)
            return EXIT_FAILURE;
    return EXIT_SUCCESS;
}

int main(void)
{
    static const struct pager_ops ops = {.read = read_page,
                                         .write = write_page,
                                         .unlock = unlock_page,
                                         .completed = completed,
                                         .unmapped = unmapped};
    mach_port_t set;
    pid_t pids[2];
    bool fine = true;

    need_managed_memory();
    must(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &set), "mach_port_allocate");
    fflush(stdout);
    for (unsigned i = 0; i < 2; i++) {
        must(pager_create(&ops, &sides[i], NULL, &sides[i].pager), "pager_create");
        must(mach_port_move_member(mach_task_self(), pager_port(sides[i].pager), set), "mach_port_move_member");
        leave_for_children(pager_right(sides[i].pager));
        if ((pids[i] = fork()) == 0)
            exit(use(from_parent(), i));
        while (pages[0].modes[i] == NOTHING) /* it has come, and has its parent's port: the next may be left */
            must(mach_msg_server_once(pager_demux, 4096, set, MACH_MSG_OPTION_NONE), "mach_msg_server_once");
    }
    while (ended < 2)
        must(mach_msg_server_once(pager_demux, 4096, set, MACH_MSG_OPTION_NONE), "mach_msg_server_once");
    for (unsigned i = 0; i < 2; i++) {
        int status;

        waitpid(pids[i], &status, 0);
        fine = fine && status == 0;
    }
    printf("two tasks took turns %u times in memory of their own; pages were granted %u times\n", 2 * ROUNDS, moves);
    return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
