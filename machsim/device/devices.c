/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * devices.c - devices, and the routines of device.defs: see devices.h.  Reading takes a device's bytes, and looks whether there are
 * any, under its lock, under which the machine's word that there are some wakes who waits: none is missed.
 */
#include "device/devices.h"

#include <device/device_types.h>
#include <device/tty_status.h>
#include <mach/mig_errors.h>

#include "gen/kernel/device_server.h"
#include "ipc/port.h"
#include "kern/kobject.h"
#include "kern/string.h"
#include "vm/vm_copy.h"
#include "vm/vm_map.h"
#include "vm/vm_named_entry.h"

#define DEVICES_MAX 16u
/* What one read gives at most. */
#define READ_MAX 65536

struct ipc_port *device_master_port;

static struct device {
    const struct hal_device *driver;
    struct ipc_port *port;
    struct lock lock; /* RANK_LEAF */
    struct list readers; /* of waiters */
} devices[DEVICES_MAX];
static unsigned device_count;

/* ---- the start ------------------------------------------------------------------------------------- */

static bool add(const struct hal_device *driver)
{
    struct device *device = &devices[device_count];

    if (device_count == DEVICES_MAX)
        return false;
    *device = (struct device){.driver = driver, .port = ipc_port_create_kernel(OBJECT_DEVICE, device)};
    lock_init(&device->lock, RANK_LEAF);
    list_init(&device->readers);
    device_count++;
    return device->port != NULL;
}

bool device_init(void)
{
    bool all = true;

    device_count = 0;
    device_master_port = ipc_port_create_kernel(OBJECT_DEVICE_MASTER, devices);
    for (const struct hal_device *const *driver = hal_devices; *driver != NULL; driver++)
        all &= add(*driver);
    return all && add(&device_time) && device_master_port != NULL;
}

void device_ready(const struct hal_device *driver)
{
    for (unsigned i = 0; i < device_count; i++)
        if (devices[i].driver == driver) {
            lock_acquire(&devices[i].lock);
            (void)waiter_wake_all(&devices[i].readers);
            lock_release(&devices[i].lock);
        }
}

/* ---- names ----------------------------------------------------------------------------------------- */

static struct device *device_of(mach_port_t name)
{
    return convert_port_to_lasting(name, OBJECT_DEVICE);
}

static bool is_same(const char *one, const char *other)
{
    size_t i = 0;

    while (one[i] != '\0' && one[i] == other[i])
        i++;
    return one[i] == other[i];
}

/* ---- routines -------------------------------------------------------------------------------------- */

kern_return_t kernel_device_open(mach_port_t master, dev_mode_t mode, dev_name_t name, device_t *device)
{
    if (convert_port_to_lasting(master, OBJECT_DEVICE_MASTER) == NULL)
        return KERN_INVALID_ARGUMENT;
    for (unsigned i = 0; i < device_count; i++) {
        const struct hal_device *driver = devices[i].driver;

        if (!is_same(driver->name, name))
            continue;
        if (((mode & D_READ) && driver->read == NULL) || ((mode & D_WRITE) && driver->write == NULL))
            return D_INVALID_OPERATION;
        return kobject_name(
            (struct ipc_right){.port = ipc_port_make_send(devices[i].port), .type = MACH_MSG_TYPE_PORT_SEND}, device);
    }
    return D_NO_SUCH_DEVICE;
}

/* It stays as it is for those who have it open. */
kern_return_t kernel_device_close(device_t name)
{
    return device_of(name) == NULL ? D_NO_SUCH_DEVICE : D_SUCCESS;
}

static kern_return_t write(device_t name, const void *bytes, size_t size, int *written)
{
    const struct device *device = device_of(name);

    if (device == NULL || device->driver->write == NULL)
        return device == NULL ? D_NO_SUCH_DEVICE : D_INVALID_OPERATION;
    *written = (int)device->driver->write(bytes, size);
    return D_SUCCESS;
}

kern_return_t kernel_device_write(device_t device, dev_mode_t mode, recnum_t number, vm_offset_t data,
                                  mach_msg_type_number_t count, int *written)
{
    (void)mode, (void)number;
    if (count > INT32_MAX)
        return D_INVALID_SIZE;
    return write(device, (const void *)data, count, written);
}

kern_return_t kernel_device_write_inband(device_t device, dev_mode_t mode, recnum_t number, io_buf_ptr_inband_t data,
                                         mach_msg_type_number_t count, int *written)
{
    (void)mode, (void)number;
    return write(device, data, count, written);
}

/* MIG_NO_REPLY: the request waits, and is served again. */
static kern_return_t read(device_t name, dev_mode_t mode, void *bytes, size_t size, mach_msg_type_number_t *count)
{
    struct device *device = device_of(name);

    if (device == NULL || device->driver->read == NULL)
        return device == NULL ? D_NO_SUCH_DEVICE : D_INVALID_OPERATION;
    lock_acquire(&device->lock);
    *count = (mach_msg_type_number_t)device->driver->read(bytes, size);
    const bool waits = *count == 0 && !(mode & D_NOWAIT);

    if (waits)
        waiter_wait(kobject_waiter(), &device->readers);
    lock_release(&device->lock);
    return waits ? MIG_NO_REPLY : *count == 0 ? D_WOULD_BLOCK : D_SUCCESS;
}

kern_return_t kernel_device_read(device_t device, dev_mode_t mode, recnum_t number, int wanted, vm_offset_t *data,
                                 mach_msg_type_number_t *count)
{
    (void)number;
    if (wanted <= 0)
        return D_INVALID_SIZE;
    struct vm_map_copy *copy = vm_map_copy_alloc((size_t)(wanted < READ_MAX ? wanted : READ_MAX));

    if (copy == NULL)
        return D_NO_MEMORY;
    const kern_return_t result = read(device, mode, copy->data, copy->size, count);

    if (result != D_SUCCESS) {
        vm_map_copy_discard(copy);
        return result;
    }
    vm_map_copy_shrink(copy, *count);
    *data = (vm_offset_t)copy->data;
    return D_SUCCESS;
}

kern_return_t kernel_device_read_inband(device_t device, dev_mode_t mode, recnum_t number, int wanted, io_buf_ptr_inband_t data,
                                        mach_msg_type_number_t *count)
{
    (void)number;
    if (wanted <= 0)
        return D_INVALID_SIZE;
    return read(device, mode, data, wanted < IO_INBAND_MAX ? (size_t)wanted : IO_INBAND_MAX, count);
}

/* What may be mapped is a named entry, which vm_map takes for a memory object. */
kern_return_t kernel_device_map(device_t name, vm_prot_t protection, vm_offset_t offset, vm_size_t size, mach_port_t *pager,
                                int unmap)
{
    const struct device *device = device_of(name);
    struct vm_object *object;

    (void)unmap;
    if (device == NULL || device->driver->map == NULL)
        return device == NULL ? D_NO_SUCH_DEVICE : D_INVALID_OPERATION;
    if (size == 0 || (protection & ~VM_PROT_ALL))
        return D_INVALID_SIZE;
    const kern_return_t result = device->driver->map(offset, size, protection, &object);

    if (result != D_SUCCESS)
        return result;
    struct vm_named_entry *entry = vm_named_entry_create(object, 0, vm_page_round(size), protection);

    return entry != NULL && vm_named_entry_name(entry, pager) == KERN_SUCCESS ? D_SUCCESS : D_NO_MEMORY;
}

/* ---- status ---------------------------------------------------------------------------------------- */

/* Drops what has come and was not read. */
static void drop_input(struct device *device)
{
    unsigned char bytes[IO_INBAND_MAX];

    lock_acquire(&device->lock);
    while (device->driver->read(bytes, sizeof bytes) == sizeof bytes)
        ;
    lock_release(&device->lock);
}

/* What is written is shown at once: there is none to drop. */
kern_return_t kernel_device_set_status(device_t name, dev_flavor_t flavor, dev_status_t status, mach_msg_type_number_t count)
{
    struct device *device = device_of(name);

    if (device == NULL)
        return D_NO_SUCH_DEVICE;
    if (flavor != TTY_FLUSH || device->driver->read == NULL || device->driver->record_size != 0)
        return D_INVALID_OPERATION;
    if (count != 1)
        return D_INVALID_SIZE;
    if (*status & D_READ)
        drop_input(device);
    return D_SUCCESS;
}

kern_return_t kernel_device_get_status(device_t name, dev_flavor_t flavor, dev_status_t status, mach_msg_type_number_t *count)
{
    const struct device *device = device_of(name);

    if (device == NULL)
        return D_NO_SUCH_DEVICE;
    if (flavor != DEV_GET_SIZE)
        return D_INVALID_OPERATION;
    if (*count < DEV_GET_SIZE_COUNT)
        return D_INVALID_SIZE;
    status[DEV_GET_SIZE_DEVICE_SIZE] = 0;
    status[DEV_GET_SIZE_RECORD_SIZE] = device->driver->record_size == 0 ? 1 : (int)device->driver->record_size;
    *count = DEV_GET_SIZE_COUNT;
    return D_SUCCESS;
}
