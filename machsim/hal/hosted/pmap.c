/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pmap.c - the hosted machine maps no pages for its tasks: their address spaces are the processes' own, and calls on
 * them answer KERN_NOT_SUPPORTED.  So nothing asks for a frame.
 */
#include "hal/hal.h"

#define NEVER() hal_panic(__FILE__, __LINE__, "a page frame of a machine that has none")

struct hal_pmap *hal_pmap_create(void)
{
    return NULL;
}

void hal_pmap_destroy(struct hal_pmap *pmap)
{
    (void)pmap;
    NEVER();
}

void hal_pmap_bounds(uint64_t *start, uint64_t *end)
{
    *start = *end = 0;
}

bool hal_pmap_enter(struct hal_pmap *pmap, uint64_t address, hal_frame_t frame, int protection)
{
    (void)pmap, (void)address, (void)frame, (void)protection;
    NEVER();
}

void hal_pmap_remove(struct hal_pmap *pmap, uint64_t start, uint64_t end)
{
    (void)pmap, (void)start, (void)end;
    NEVER();
}

void hal_pmap_protect(struct hal_pmap *pmap, uint64_t start, uint64_t end, int protection)
{
    (void)pmap, (void)start, (void)end, (void)protection;
    NEVER();
}

uint64_t hal_frames_free(void)
{
    return 0;
}

hal_frame_t hal_frame_alloc(void)
{
    return HAL_NO_FRAME;
}

void hal_frame_free(hal_frame_t frame)
{
    (void)frame;
    NEVER();
}

void hal_frame_zero(hal_frame_t frame)
{
    (void)frame;
    NEVER();
}

void hal_frame_copy(hal_frame_t from, hal_frame_t to)
{
    (void)from, (void)to;
    NEVER();
}

void hal_frame_read(hal_frame_t frame, size_t offset, void *to, size_t size)
{
    (void)frame, (void)offset, (void)to, (void)size;
    NEVER();
}

void hal_frame_write(hal_frame_t frame, size_t offset, const void *from, size_t size)
{
    (void)frame, (void)offset, (void)from, (void)size;
    NEVER();
}

void hal_frame_protect(hal_frame_t frame, int protection)
{
    (void)frame, (void)protection;
    NEVER();
}
