/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hash.h - from a port to the name of the send right for it, within one space and under its lock.
 * Open addressing with linear probing; at most three quarters full.
 */
#ifndef IPC_HASH_H
#define IPC_HASH_H

#include <stdbool.h>
#include <stdint.h>

struct ipc_hash {
    struct ipc_hash_slot {
        const void *object; /* NULL: free */
        uint32_t index;     /* of the entry */
    } * slots;
    uint32_t size; /* of slots: a power of two, or 0 */
    uint32_t used;
};

/* The index of the object's entry; 0 if it has none. */
uint32_t ipc_hash_find(const struct ipc_hash *hash, const void *object);
/* Makes room for one more; false: no memory.  Once it has said true, ipc_hash_insert cannot fail. */
bool ipc_hash_reserve(struct ipc_hash *hash);
/* Adds an object that is not there. */
void ipc_hash_insert(struct ipc_hash *hash, const void *object, uint32_t index);
/* Takes out an object that is there. */
void ipc_hash_remove(struct ipc_hash *hash, const void *object);
/* The entry of an object that is there has another index. */
void ipc_hash_move(struct ipc_hash *hash, const void *object, uint32_t index);
void ipc_hash_free(struct ipc_hash *hash);

#endif
