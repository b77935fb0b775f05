/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_kept.c - sets of pages: see vm_kept.h. */
#include "vm/vm_kept.h"

#include "hal/hal.h"
#include "kern/assert.h"
#include "kern/list.h"

#define PIECE_PAGES 512u

struct piece {
    struct tree_node node; /* key: the first page's number, divided by PIECE_PAGES */
    uint64_t bits[PIECE_PAGES / 64];
};

static struct piece *piece_of(const struct tree *kept, uint64_t offset)
{
    struct tree_node *node = tree_find(kept, (offset >> HAL_PAGE_SHIFT) / PIECE_PAGES);

    return node == NULL ? NULL : container_of(node, struct piece, node);
}

static unsigned bit_of(uint64_t offset)
{
    return (unsigned)((offset >> HAL_PAGE_SHIFT) % PIECE_PAGES);
}

bool vm_kept_reserve(struct tree *kept, uint64_t offset)
{
    if (piece_of(kept, offset) != NULL)
        return true;
    struct piece *piece = hal_alloc(sizeof *piece);

    if (piece == NULL)
        return false;
    piece->node.key = (offset >> HAL_PAGE_SHIFT) / PIECE_PAGES;
    tree_insert(kept, &piece->node);
    return true;
}

void vm_kept_add(struct tree *kept, uint64_t offset)
{
    struct piece *piece = piece_of(kept, offset);

    kern_assert(piece != NULL);
    piece->bits[bit_of(offset) / 64] |= (uint64_t)1 << bit_of(offset) % 64;
}

bool vm_kept_has(const struct tree *kept, uint64_t offset)
{
    const struct piece *piece = piece_of(kept, offset);

    return piece != NULL && (piece->bits[bit_of(offset) / 64] >> bit_of(offset) % 64 & 1);
}

void vm_kept_clear(struct tree *kept)
{
    struct tree_node *node;

    while ((node = tree_first(kept)) != NULL) {
        struct piece *piece = container_of(node, struct piece, node);

        tree_remove(kept, node);
        hal_free(piece, sizeof *piece);
    }
}
