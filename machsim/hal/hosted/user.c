/* SPDX-License-Identifier: BSD-2-Clause */
/* user.c - the doorbells that one user's threads share, and which thread stands in which slot: see wire.h. */
#include <jemalloc/jemalloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hal/hosted/hosted.h"

struct user *_Atomic users[MAX_USERS];
_Atomic unsigned user_count;

static bool map_bells(struct user *user)
{
    const size_t size = (size_t)worker_count * 2 * WIRE_BELL_SIZE;

    user->file = os_shared_file("mach-doorbells", size);
    if (user->file < 0)
        return false;
    uint8_t *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, user->file, 0);
    if (base == MAP_FAILED) {
        close(user->file);
        return false;
    }
    for (unsigned i = 0; i < worker_count * 2; i++)
        user->bells[i] = (struct wire_bell *)(void *)(base + i * WIRE_BELL_SIZE);
    return true;
}

struct user *user_get(uid_t uid)
{
    const unsigned count = atomic_load(&user_count);

    for (unsigned i = 0; i < count; i++)
        if (users[i]->uid == uid)
            return users[i];
    struct user *user = count == MAX_USERS ? NULL : hal_alloc(sizeof *user);

    if (user == NULL)
        return NULL;
    user->uid = uid;
    if (!map_bells(user)) {
        hal_free(user, sizeof *user);
        return NULL;
    }
    atomic_store(&users[count], user);
    atomic_store(&user_count, count + 1);
    workers_wake();
    return user;
}

int user_take_slot(struct user *user, struct hosted_thread *thread)
{
    for (uint32_t i = 0; i < WIRE_SLOTS; i++) {
        const uint32_t slot = (user->next_slot + i) % WIRE_SLOTS;

        if (atomic_load_explicit(&user->threads[slot], memory_order_relaxed) == NULL) {
            user->next_slot = slot + 1;
            atomic_store_explicit(&user->threads[slot], thread, memory_order_release);
            return (int)slot;
        }
    }
    return -1;
}

void user_free_slot(struct user *user, unsigned slot)
{
    atomic_store_explicit(&user->threads[slot], NULL, memory_order_release);
}
