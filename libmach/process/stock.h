/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stock.h - records that are wanted in a signal handler too, which may have interrupted malloc: there they come from what
 * was used before, or from an array.  Their lists' lock guards the stock.
 */
#ifndef LIBMACH_STOCK_H
#define LIBMACH_STOCK_H

#include <stdlib.h>

#include "libmach/process/agent.h"

struct stock {
    size_t size; /* of each */
    char *first; /* an array, and how many of it have not been used */
    unsigned left;
    void *used; /* each begins with the next */
};

#define STOCK_OF(array) {.size = sizeof(array)[0], .first = (char *)(array), .left = sizeof(array) / sizeof(array)[0]}

/* One with anything in it; NULL: there is none. */
static inline void *stock_take(struct stock *stock)
{
    void *record = stock->used;

    if (record != NULL)
        stock->used = *(void **)record;
    else if (!agent_serves())
        record = malloc(stock->size);
    else if (stock->left > 0)
        record = stock->first + --stock->left * stock->size;
    return record;
}

static inline void stock_give(struct stock *stock, void *record)
{
    *(void **)record = stock->used;
    stock->used = record;
}

#endif
