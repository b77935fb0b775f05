/* SPDX-License-Identifier: BSD-2-Clause */
/* tables.c - channels of this process: how they come and go.  See tables.h. */
#include "tables.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <mach/mach.h>

#include "libmach/ring/ring.h"
#include "steps.h"

/* A port is worth a channel after so many messages; one that could have none is asked about again after so many more. */
#define OFTEN 16
#define AGAIN 4096

enum direct_mode direct_mode;
struct channel_task *_Atomic direct_task;
struct outgoing direct_outgoing[CHANNEL_OUTGOING];
struct incoming direct_incoming[CHANNEL_INCOMING];
struct receiving direct_receiving[CHANNEL_PORTS];
uint32_t direct_lease_generation[CHANNEL_LEASES];

struct named *_Atomic direct_names;
static struct direct_lock lock; /* for whoever changes the tables */
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* ---- beginning ------------------------------------------------------------------------------------- */

static enum direct_mode mode_of(const char *text)
{
    if (text == NULL || strcmp(text, "auto") == 0)
        return DIRECT_AUTO;
    if (strcmp(text, "random") == 0)
        return DIRECT_RANDOM;
    return strcmp(text, "0") == 0 ? DIRECT_NEVER : DIRECT_ALWAYS;
}

/* No one has any lock, for there is one thread. */
static void reset_locks(void)
{
    atomic_store(&lock.word, 0);
    direct_release_after_fork();
    for (unsigned i = 0; i < CHANNEL_OUTGOING; i++)
        atomic_store(&direct_outgoing[i].lock.word, 0);
    for (unsigned i = 0; i < CHANNEL_INCOMING; i++)
        atomic_store(&direct_incoming[i].lock.word, 0);
}

static void prepare(void)
{
    direct_mode = mode_of(getenv("MACH_DIRECT"));
    if (direct_mode == DIRECT_NEVER)
        return;
    void *table = mmap(NULL, DIRECT_NAMES * sizeof(struct named), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (table != MAP_FAILED)
        atomic_store(&direct_names, table);
}

/* The child has not the mappings: they are not for it. */
void direct_after_fork(void)
{
    struct named *table = atomic_load(&direct_names);

    if (table == NULL)
        return;
    reset_locks();
    for (unsigned i = 0; i < CHANNEL_OUTGOING; i++) {
        atomic_store(&direct_outgoing[i].name, 0);
        atomic_store(&direct_outgoing[i].forward, NULL);
    }
    for (unsigned i = 0; i < CHANNEL_INCOMING; i++)
        atomic_store(&direct_incoming[i].forward, NULL);
    for (unsigned i = 0; i < CHANNEL_PORTS; i++) {
        atomic_store(&direct_receiving[i].page, 0);
        atomic_store(&direct_receiving[i].port, NULL);
    }
    atomic_store(&direct_task, NULL);
    /* New pages: the old ones, of which few were used, need not be copied to be cleared. */
    if (mmap(table, DIRECT_NAMES * sizeof(struct named), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
             0) == MAP_FAILED)
        atomic_store(&direct_names, NULL);
}

struct named *direct_prepare(void)
{
    pthread_once(&once, prepare);
    return atomic_load(&direct_names);
}

void direct_do(uint32_t number, uint64_t first, uint64_t second)
{
    const uint64_t arguments[] = {first, second};
    uint64_t result;

    (void)ring_simple_trap(number, arguments, 2, &result, NULL);
}

/* ---- mappings -------------------------------------------------------------------------------------- */

/* Maps a descriptor, which is closed then; children do not get it.  NULL: it cannot be. */
static void *map_shared(int file, size_t size, bool write)
{
    void *memory = mmap(NULL, size, write ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, file, 0);

    close(file);
    if (memory == MAP_FAILED)
        return NULL;
    (void)madvise(memory, size, MADV_DONTFORK);
    return memory;
}

/* The task's own part, which comes when it is first wanted.  Called with the lock. */
static struct channel_task *get_task(void)
{
    struct channel_task *task = atomic_load(&direct_task);
    uint64_t result;
    int file;

    if (task != NULL || !ring_files_trap(WIRE_TRAP_TASK_STATE, NULL, 0, &file, 1, &result, NULL) ||
        result != KERN_SUCCESS)
        return task;
    task = map_shared(file, sizeof *task, true);
    atomic_store(&direct_task, task);
    return task;
}

void direct_make_task(void)
{
    if (!direct_lock(&lock))
        return;
    (void)get_task();
    direct_unlock(&lock);
}

void direct_ended(void)
{
    struct channel_task *task = atomic_load(&direct_task);

    if (task != NULL)
        atomic_store_explicit(&task->ended, 1, memory_order_relaxed);
}

/* ---- records --------------------------------------------------------------------------------------- */

struct channel_record *direct_record(mach_port_name_t name, unsigned *number)
{
    struct named *named = direct_named(name);
    struct channel_task *task = atomic_load_explicit(&direct_task, memory_order_acquire);
    const uint32_t record = named == NULL || task == NULL ? 0 : atomic_load_explicit(&named->record, memory_order_acquire);

    if (record == 0 || record > CHANNEL_PORTS)
        return NULL;
    *number = record - 1;
    struct channel_record *found = &task->records[record - 1];

    return atomic_load_explicit(&found->name, memory_order_acquire) == name ? found : NULL;
}

struct channel_port *direct_page(const struct channel_record *record, unsigned number)
{
    struct receiving *receiving = &direct_receiving[number];
    const uint32_t page = atomic_load_explicit(&record->page, memory_order_acquire);

    if (page == 0 || atomic_load_explicit(&receiving->page, memory_order_acquire) != page)
        return NULL;
    return atomic_load_explicit(&receiving->port, memory_order_acquire);
}

/* A name is often received from, and no port's that messages come to by channels: it may be a set's. */
static void make_set(mach_port_name_t name, struct named *named)
{
    const uint64_t arguments[] = {name};
    uint64_t result, out;

    atomic_store(&named->receives, -AGAIN);
    if (!direct_lock(&lock))
        return;
    if (ring_simple_trap(WIRE_TRAP_SET, arguments, 1, &result, &out) && result == KERN_SUCCESS)
        atomic_store(&named->set, (uint32_t)out + 1);
    direct_unlock(&lock);
}

struct channel_set *direct_set(mach_port_name_t name, unsigned *number)
{
    struct named *named = direct_named(name);
    struct channel_task *task = atomic_load_explicit(&direct_task, memory_order_acquire);

    if (named == NULL || task == NULL)
        return NULL;
    const uint32_t set = atomic_load_explicit(&named->set, memory_order_acquire);

    if (set > 0 && set <= CHANNEL_SETS && atomic_load_explicit(&task->sets[set - 1].name, memory_order_acquire) == name) {
        *number = set - 1;
        return &task->sets[set - 1];
    }
    if (atomic_fetch_add_explicit(&named->receives, 1, memory_order_relaxed) == (direct_mode == DIRECT_AUTO ? OFTEN : 0))
        make_set(name, named);
    return NULL;
}

/* Called with the lock. */
static void know_record(mach_port_name_t name, uint64_t number)
{
    struct named *named = direct_named(name);

    if (named != NULL && number < CHANNEL_PORTS)
        atomic_store(&named->record, (uint32_t)number + 1);
}

struct channel_record *direct_make_record(mach_port_name_t name, unsigned *number)
{
    const uint64_t arguments[] = {name};
    uint64_t result = KERN_FAILURE, out;

    if (direct_named(name) == NULL || !direct_lock(&lock))
        return NULL;
    if (get_task() != NULL && ring_simple_trap(WIRE_TRAP_RECORD, arguments, 1, &result, &out) && result == KERN_SUCCESS)
        know_record(name, out);
    direct_unlock(&lock);
    return result == KERN_SUCCESS ? direct_record(name, number) : NULL;
}

/* ---- channels to others ---------------------------------------------------------------------------- */

/* The channel is at its end, and no one waits for answers: its place is free.  Locked. */
static void free_outgoing(struct outgoing *channel)
{
    struct channel_forward *forward = atomic_load(&channel->forward);
    struct named *named = direct_named(channel->name);
    struct outgoing *own = channel;

    if (named != NULL)
        (void)atomic_compare_exchange_strong(&named->outgoing, &own, NULL);
    atomic_store(&channel->name, 0);
    atomic_store(&channel->forward, NULL);
    munmap(forward, sizeof *forward);
    munmap((void *)(uintptr_t)channel->backward, sizeof *channel->backward);
    munmap(channel->port, CHANNEL_PORT_SIZE);
}

static bool has_ended(const struct outgoing *channel)
{
    return channel->was_open && atomic_load(&channel->forward->open) == 0;
}

void direct_unlock_outgoing(struct outgoing *channel)
{
    if (channel->forward != NULL && channel->waiting == 0 && has_ended(channel))
        free_outgoing(channel);
    direct_unlock(&channel->lock);
}

/* A place for a new channel, locked; those at their end are freed on the way. */
static struct outgoing *free_place(void)
{
    struct outgoing *found = NULL;

    for (unsigned i = 0; i < CHANNEL_OUTGOING; i++) {
        struct outgoing *at = &direct_outgoing[i];

        if ((found != NULL && at->forward == NULL) || !direct_lock(&at->lock))
            continue;
        if (at->forward != NULL && at->waiting == 0 && has_ended(at))
            free_outgoing(at);
        if (found == NULL && at->forward == NULL)
            found = at;
        else
            direct_unlock(&at->lock);
    }
    return found;
}

static bool map_outgoing(struct outgoing *channel, const int *files)
{
    struct channel_forward *forward = map_shared(files[0], sizeof *forward, true);

    channel->backward = map_shared(files[1], sizeof *channel->backward, false);
    channel->port = map_shared(files[2], CHANNEL_PORT_SIZE, true);
    if (forward != NULL && channel->backward != NULL && channel->port != NULL) {
        atomic_store(&channel->forward, forward);
        return true;
    }
    if (forward != NULL)
        munmap(forward, sizeof *forward);
    if (channel->backward != NULL)
        munmap((void *)(uintptr_t)channel->backward, sizeof *channel->backward);
    if (channel->port != NULL)
        munmap(channel->port, CHANNEL_PORT_SIZE);
    return false;
}

/* Asks for a channel to a port.  It is ready when the receiver has accepted it. */
static bool open_outgoing(struct outgoing *channel, mach_port_name_t name)
{
    const uint64_t arguments[] = {name};
    uint64_t result, out;
    int files[3];

    if (!ring_files_trap(WIRE_TRAP_CHANNEL, arguments, 1, files, 3, &result, &out) || result != KERN_SUCCESS)
        return false;
    if (!map_outgoing(channel, files))
        return false; /* it stays idle until the right goes */
    channel->number = (unsigned)out;
    channel->was_open = false;
    channel->waiting = 0;
    channel->tail = channel->next = 0;
    atomic_store(&channel->name, name);
    return true;
}

static void open_channel(mach_port_name_t name, struct named *named)
{
    if (!direct_lock(&lock))
        return;
    struct outgoing *channel = named->outgoing == NULL && get_task() != NULL ? free_place() : NULL;

    atomic_store(&named->uses, -AGAIN);
    if (channel != NULL) {
        if (open_outgoing(channel, name))
            atomic_store(&named->outgoing, channel);
        direct_unlock(&channel->lock);
    }
    direct_unlock(&lock);
}

/* Another message goes to a name that has no channel. */
static void count_use(mach_port_name_t name, struct named *named)
{
    if (atomic_exchange_explicit(&named->name, name, memory_order_relaxed) != name)
        atomic_store_explicit(&named->uses, 0, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&named->uses, 1, memory_order_relaxed) == (direct_mode == DIRECT_AUTO ? OFTEN : 0))
        open_channel(name, named);
}

struct outgoing *direct_find_outgoing(mach_port_name_t name)
{
    struct named *named = direct_named(name);

    if (named == NULL)
        return NULL;
    struct outgoing *channel = atomic_load_explicit(&named->outgoing, memory_order_acquire);

    if (channel == NULL) {
        count_use(name, named);
        return NULL;
    }
    if (!direct_lock(&channel->lock))
        return NULL;
    if (channel->forward != NULL && channel->name == name && atomic_load(&channel->forward->open)) {
        channel->was_open = true;
        return channel;
    }
    const bool other = channel->name != name;

    direct_unlock_outgoing(channel);
    if (other) {
        struct outgoing *former = channel;

        (void)atomic_compare_exchange_strong(&named->outgoing, &former, NULL);
    }
    return NULL;
}

/* ---- channels to this task ------------------------------------------------------------------------- */

static void free_incoming(struct incoming *channel)
{
    const struct channel_forward *forward = atomic_load(&channel->forward);

    atomic_store(&channel->forward, NULL);
    channel->generation++;
    if (forward == NULL)
        return;
    munmap((void *)(uintptr_t)forward, sizeof *forward);
    munmap(channel->backward, sizeof *channel->backward);
}

/* Frees what is closed, and in no use: a thread that has such a channel locked will see that it is. */
static void sweep_incoming(const struct channel_task *task)
{
    for (unsigned i = 0; i < CHANNEL_INCOMING; i++) {
        struct incoming *at = &direct_incoming[i];

        if (at->forward == NULL || atomic_load(&task->incoming[i].open) || !direct_lock(&at->lock))
            continue;
        if (!atomic_load(&task->incoming[i].open))
            free_incoming(at);
        direct_unlock(&at->lock);
    }
}

/* The port's page is mapped over the one that was another port's of the same record. */
static bool map_port(struct receiving *receiving, uint32_t number, int file)
{
    struct channel_port *former = atomic_load(&receiving->port);
    void *page = mmap(former, CHANNEL_PORT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | (former != NULL ? MAP_FIXED : 0),
                      file, 0);

    close(file);
    if (page == MAP_FAILED)
        return false;
    (void)madvise(page, CHANNEL_PORT_SIZE, MADV_DONTFORK);
    atomic_store(&receiving->port, page);
    atomic_store(&receiving->page, number);
    return true;
}

static bool take_incoming(const struct channel_task *task, uint64_t out, const int *files)
{
    const unsigned number = (unsigned)(out & 0xffff), record = (unsigned)(out >> 16 & 0xffff);
    const struct channel_forward *forward = map_shared(files[0], sizeof *forward, false);
    struct channel_backward *backward = map_shared(files[1], sizeof *backward, true);
    bool fine = record < CHANNEL_PORTS && number < CHANNEL_INCOMING && forward != NULL && backward != NULL;

    if (fine)
        fine = map_port(&direct_receiving[record], (uint32_t)(out >> 32), files[2]);
    else
        close(files[2]);
    if (fine && direct_lock(&direct_incoming[number].lock)) {
        struct incoming *channel = &direct_incoming[number];

        free_incoming(channel);
        channel->backward = backward;
        channel->record = record;
        atomic_store(&channel->forward, forward);
        direct_unlock(&channel->lock);
        know_record(atomic_load(&task->records[record].name), record);
        return true;
    }
    if (forward != NULL)
        munmap((void *)(uintptr_t)forward, sizeof *forward);
    if (backward != NULL)
        munmap(backward, sizeof *backward);
    return false;
}

/* Has names for reply rights at hand. */
static void fill_leases(const struct channel_task *task)
{
    direct_do(WIRE_TRAP_LEASE, 0, 0);
    for (unsigned i = 0; i < CHANNEL_LEASES; i++) {
        struct named *named = direct_named(atomic_load(&task->leases[i].name));

        if (named != NULL && atomic_load(&task->leases[i].state) == LEASE_FREE)
            atomic_store(&named->lease, i + 1);
    }
}

void direct_accept(void)
{
    struct channel_task *task;
    uint64_t result, out;
    int files[3];

    if (direct_named(0) == NULL || !direct_lock(&lock))
        return;
    if ((task = get_task()) != NULL) {
        sweep_incoming(task);
        while (ring_files_trap(WIRE_TRAP_ACCEPT, NULL, 0, files, 3, &result, &out) && result == KERN_SUCCESS)
            if (!take_incoming(task, out, files))
                direct_do(WIRE_TRAP_REFUSE, out & 0xffff, 0);
        fill_leases(task);
    }
    direct_unlock(&lock);
}

/* ---- leases ---------------------------------------------------------------------------------------- */

bool direct_claim(_Atomic uint32_t *state, const _Atomic uint32_t *current, mach_port_name_t name)
{
    uint32_t used = LEASE_USED;

    if (atomic_load_explicit(current, memory_order_relaxed) != name ||
        !atomic_compare_exchange_strong(state, &used, LEASE_REPLYING))
        return false;
    if (atomic_load_explicit(current, memory_order_relaxed) == name)
        return true;
    atomic_store(state, LEASE_USED); /* it was given up and used anew in between */
    return false;
}

bool direct_take_lease(unsigned channel, unsigned slot, uint32_t sequence, uint32_t generation, unsigned *number)
{
    struct channel_task *task = atomic_load(&direct_task);

    static struct {
        alignas(64) _Atomic uint32_t turn; /* each in its turn: so a name comes back late */
    } next;
    const uint32_t first = atomic_fetch_add_explicit(&next.turn, 1, memory_order_relaxed);

    for (unsigned n = 0; n < CHANNEL_LEASES; n++) {
        const unsigned i = (first + n) % CHANNEL_LEASES;
        struct channel_lease *lease = &task->leases[i];
        uint32_t state = LEASE_FREE;

        /* What is being filled in is as if it was being answered: machsim leaves it alone. */
        if (atomic_load_explicit(&lease->state, memory_order_relaxed) != LEASE_FREE ||
            !atomic_compare_exchange_strong(&lease->state, &state, LEASE_REPLYING))
            continue;
        atomic_store_explicit(&lease->channel, channel, memory_order_relaxed);
        atomic_store_explicit(&lease->slot, slot, memory_order_relaxed);
        atomic_store_explicit(&lease->sequence, sequence, memory_order_relaxed);
        direct_lease_generation[i] = generation;
        *number = i;
        return true;
    }
    return false;
}

void direct_fill_leases(void)
{
    if (!direct_lock(&lock))
        return;
    fill_leases(atomic_load(&direct_task));
    direct_unlock(&lock);
}

mach_port_name_t direct_next_name(mach_port_name_t name)
{
    return (name & ~(mach_port_name_t)0xff) | ((name + 4) & 0xff);
}

void direct_fill_fresh(void)
{
    if (!direct_lock(&lock))
        return;
    if (get_task() != NULL)
        direct_do(WIRE_TRAP_FRESH, 0, 0);
    direct_unlock(&lock);
}

/* The next right that gets it has another name. */
void direct_drop_lease(unsigned number)
{
    struct channel_task *task = atomic_load(&direct_task);
    struct channel_lease *lease = &task->leases[number];
    const mach_port_name_t name = atomic_load_explicit(&lease->name, memory_order_relaxed);

    atomic_store_explicit(&lease->name, direct_next_name(name), memory_order_relaxed);
    atomic_fetch_and(&task->used, ~((uint64_t)1 << number));
    atomic_store_explicit(&lease->state, LEASE_FREE, memory_order_release);
}
