/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * time.c - the device "time": what is read is the calendar, and what is mapped is a page that tells it.
 *
 * The page is made when it is first mapped, and written every 10 ms until no one has it any more.  The memory lock guards it:
 * there is a timer for as long as there is a page.  Who reads the page without locks sees seconds that are not check_seconds
 * while it is being written.  Source: Mach 3 Kernel Interfaces, device_map; the layout is GNU Mach's.
 */
#include <stddef.h>

#include <device/device_types.h>
#include <mach/clock_types.h>
#include <mach/time_value.h>

#include "device/devices.h"
#include "kern/string.h"
#include "kern/timer.h"
#include "vm/vm_map.h"

#define PERIOD (10 * NSEC_PER_MSEC)

static struct vm_object *page; /* NULL: no one has it */
static struct timer timer;

/* ---- reading --------------------------------------------------------------------------------------- */

static size_t read_time(void *bytes, size_t size)
{
    const uint64_t now = hal_calendar();
    const mach_timespec_t time = {.tv_sec = (unsigned)(now / NSEC_PER_SEC), .tv_nsec = (clock_res_t)(now % NSEC_PER_SEC)};
    const size_t length = size < sizeof time ? size : sizeof time;

    memcpy(bytes, &time, length);
    return length;
}

/* ---- the page -------------------------------------------------------------------------------------- */

/* Each is seen after the one before, by those who read the other way round. */
static void write_word(size_t offset, integer_t value)
{
    hal_frame_write(vm_page_lookup(page, 0)->frame, offset, &value, sizeof value);
}

static void write_page(void)
{
    const uint64_t now = hal_calendar();
    const integer_t seconds = (integer_t)(now / NSEC_PER_SEC);

    write_word(offsetof(mapped_time_value_t, check_seconds), seconds);
    write_word(offsetof(mapped_time_value_t, microseconds), (integer_t)(now % NSEC_PER_SEC / NSEC_PER_USEC));
    write_word(offsetof(mapped_time_value_t, seconds), seconds);
}

/* Lets go of the page if no one else has it.  True: someone has. */
static bool is_wanted(void)
{
    if (page->refs > 1)
        return true;
    vm_object_release(page);
    page = NULL;
    return false;
}

static void tick(struct timer *self)
{
    lock_acquire(&vm_lock);
    const bool wanted = is_wanted();

    if (wanted)
        write_page();
    lock_release(&vm_lock);
    if (wanted)
        timer_set(self, hal_now() + PERIOD);
}

/* With the lock.  False: no memory. */
static bool make_page(void)
{
    struct vm_object *object = vm_object_create(HAL_PAGE_SIZE);
    struct vm_page *made = object == NULL ? NULL : vm_page_alloc(object, 0);

    if (made == NULL) {
        if (object != NULL)
            vm_object_release(object);
        return false;
    }
    object->shared = true;
    hal_frame_zero(made->frame);
    vm_page_wire(made);
    page = object;
    write_page();
    return true;
}

static kern_return_t map_time(uint64_t offset, uint64_t size, int protection, struct vm_object **object)
{
    if (protection & ~VM_PROT_READ)
        return D_READ_ONLY;
    if (offset != 0 || size > HAL_PAGE_SIZE)
        return D_INVALID_SIZE;
    lock_acquire(&vm_lock);
    const bool is_there = page != NULL, fine = is_there || make_page();

    if (fine)
        vm_object_reference(*object = page);
    lock_release(&vm_lock);
    if (fine && !is_there) {
        timer.function = tick;
        timer_set(&timer, hal_now() + PERIOD);
    }
    return fine ? D_SUCCESS : D_NO_MEMORY;
}

void device_time_stop(void)
{
    (void)timer_cancel(&timer);
    lock_acquire(&vm_lock);
    if (page != NULL)
        (void)is_wanted();
    lock_release(&vm_lock);
}

const struct hal_device device_time = {.name = "time", .read = read_time, .record_size = sizeof(mach_timespec_t), .map = map_time};
