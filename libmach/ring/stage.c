/* SPDX-License-Identifier: BSD-2-Clause */
/* stage.c - messages on their way to machsim and back, with the memory that goes with them: see wire.h. */
#include "ring.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <mach/mach.h>

#include "libmach/process/objects.h"
#include "os.h"

#define PAGE 4096u
#define MOST_FILES 16u

/* ---- descriptors ----------------------------------------------------------------------------------- */

/* Goes over the descriptors of a message, which may say anything. */
struct walk {
    unsigned char *at, *end;
    uint32_t left;
};

static struct walk walk_start(const mach_msg_header_t *message, mach_msg_size_t size)
{
    struct walk walk = {.left = 0};

    if (size >= sizeof(mach_msg_base_t) && (message->msgh_bits & MACH_MSGH_BITS_COMPLEX)) {
        walk.left = ((const mach_msg_base_t *)message)->body.msgh_descriptor_count;
        walk.at = (unsigned char *)(uintptr_t)message + sizeof(mach_msg_base_t);
        walk.end = (unsigned char *)(uintptr_t)message + size;
    }
    return walk;
}

/* The next descriptor that is for out-of-line memory; NULL: there is none. */
static mach_msg_ool_descriptor_t *walk_next(struct walk *walk)
{
    while (walk->left > 0 && (size_t)(walk->end - walk->at) >= sizeof(mach_msg_type_descriptor_t)) {
        mach_msg_descriptor_t *d = (void *)walk->at;
        const mach_msg_descriptor_type_t kind = ((mach_msg_type_descriptor_t *)(void *)walk->at)->type;
        const size_t size =
            kind == MACH_MSG_PORT_DESCRIPTOR ? sizeof(mach_msg_port_descriptor_t) : sizeof(mach_msg_ool_descriptor_t);

        if ((size_t)(walk->end - walk->at) < size)
            break;
        walk->at += size;
        walk->left--;
        if (kind == MACH_MSG_OOL_DESCRIPTOR || kind == MACH_MSG_OOL_VOLATILE_DESCRIPTOR ||
            kind == MACH_MSG_OOL_PORTS_DESCRIPTOR)
            return &d->out_of_line;
    }
    return NULL;
}

/*
 * Bytes that a descriptor is about: those of ports count names, at the same place.  More names than any message may
 * carry are not worth staging: the kernel refuses them for their number.
 */
static uint64_t bytes_of(const mach_msg_ool_descriptor_t *d)
{
    if (d->type != MACH_MSG_OOL_PORTS_DESCRIPTOR)
        return d->size;
    return d->size > WIRE_MAX_PORTS ? 0 : (uint64_t)d->size * sizeof(mach_port_name_t);
}

/* ---- gifts ----------------------------------------------------------------------------------------- */

/* Memory that goes along as a file, not as bytes. */
struct gifts {
    unsigned count;
    struct gift {
        const mach_msg_ool_descriptor_t *descriptor;
        uint64_t offset;
        int file;
    } gift[WIRE_MAX_FILES];
};

static void find_gifts(struct gifts *gifts, const mach_msg_header_t *message, mach_msg_size_t size)
{
    struct walk walk = walk_start(message, size);

    gifts->count = 0;
    for (mach_msg_ool_descriptor_t *d; gifts->count < WIRE_MAX_FILES && (d = walk_next(&walk)) != NULL;) {
        struct gift *gift = &gifts->gift[gifts->count];

        if (d->type == MACH_MSG_OOL_PORTS_DESCRIPTOR || d->copy == MACH_MSG_PHYSICAL_COPY || d->size < OBJECT_SMALLEST ||
            !object_give((uintptr_t)d->address, d->size, &gift->file, &gift->offset))
            continue;
        gift->descriptor = d;
        gifts->count++;
    }
}

/* The gift that is a descriptor's memory, and its number, from 1; NULL. */
static const struct gift *gift_of(const struct gifts *gifts, const mach_msg_ool_descriptor_t *d, uint32_t *number)
{
    for (unsigned i = 0; i < gifts->count; i++)
        if (gifts->gift[i].descriptor == d) {
            *number = i + 1;
            return &gifts->gift[i];
        }
    return NULL;
}

/* Sends the files, after the stage's own, if all went well so far; they are closed in any case. */
static bool send_gifts(struct ring *ring, const struct gifts *gifts, bool fine)
{
    for (unsigned i = 0; i < gifts->count; i++) {
        fine = fine && ring_send_file(ring, gifts->gift[i].file);
        close(gifts->gift[i].file);
    }
    return fine;
}

/* ---- sending --------------------------------------------------------------------------------------- */

static uint64_t align(uint64_t offset, uint64_t to)
{
    return (offset + to - 1) & ~(to - 1);
}

/* How everything is laid out, with memory at multiples of `unit`. */
static struct wire_stage measure(const mach_msg_header_t *message, mach_msg_size_t size, mach_msg_size_t scatter_size,
                                 const struct gifts *gifts, uint64_t unit)
{
    struct wire_stage stage = {.message_size = size, .scatter_size = scatter_size, .files = gifts->count};
    struct walk walk = walk_start(message, size);
    uint64_t memory = 0;
    uint32_t number;

    for (mach_msg_ool_descriptor_t *d; (d = walk_next(&walk)) != NULL;)
        if (bytes_of(d) > 0) {
            stage.memory_count++;
            memory += gift_of(gifts, d, &number) != NULL ? 0 : align(bytes_of(d), unit);
        }
    stage.scatter_offset = align(size, 16);
    stage.memory_offset = align(stage.scatter_offset + scatter_size, 16);
    stage.size = stage.memory_offset + stage.memory_count * sizeof(struct wire_memory);
    if (memory > 0)
        stage.size = align(stage.size, unit) + memory;
    return stage;
}

/* Writes to the stage: the area, or a file.  False: the bytes are not there. */
static bool put(struct ring *ring, int file, uint64_t offset, const void *from, uint64_t size)
{
    if (file < 0)
        return mach_os_read(getpid(), (uintptr_t)from, ring->data + offset, size);
    for (ssize_t done; size > 0; size -= (uint64_t)done, offset += (uint64_t)done, from = (const char *)from + done)
        if ((done = pwrite(file, from, size, (off_t)offset)) <= 0)
            return false;
    return true;
}

/* A record for a descriptor's memory: where it is in the stage, if it is no gift. */
static struct wire_memory record_of(const mach_msg_ool_descriptor_t *d, const struct gifts *gifts, uint64_t at)
{
    struct wire_memory record = {.address = (uintptr_t)d->address, .size = bytes_of(d), .offset = at};
    const struct gift *gift = gift_of(gifts, d, &record.file);

    if (gift != NULL)
        record.offset = gift->offset;
    return record;
}

static void put_memory(struct ring *ring, int file, const struct wire_stage *stage, const mach_msg_header_t *message,
                       mach_msg_size_t size, const struct gifts *gifts, uint64_t unit)
{
    struct walk walk = walk_start(message, size);
    uint64_t record_at = stage->memory_offset;
    uint64_t at = align(record_at + stage->memory_count * sizeof(struct wire_memory), unit);

    for (mach_msg_ool_descriptor_t *d; (d = walk_next(&walk)) != NULL;) {
        struct wire_memory record = record_of(d, gifts, at);

        if (record.size == 0)
            continue;
        if (record.file == 0 && !put(ring, file, at, d->address, record.size))
            record.offset = WIRE_NONE;
        if (file < 0)
            memcpy(ring->data + record_at, &record, sizeof record);
        else
            (void)put(ring, file, record_at, &record, sizeof record);
        record_at += sizeof record;
        at += record.file == 0 ? align(record.size, unit) : 0;
    }
}

/* Stages in a file that goes over the connection. */
static mach_msg_return_t stage_in_file(struct ring *ring, struct wire_stage *stage, const mach_msg_header_t *message,
                                       mach_msg_size_t size, const void *scatter, const struct gifts *gifts)
{
    int file = mach_os_memory_file(stage->size);

    if (file < 0)
        return MACH_SEND_NO_BUFFER;
    bool fine = put(ring, file, 0, message, size) && put(ring, file, stage->scatter_offset, scatter, stage->scatter_size);

    put_memory(ring, file, stage, message, size, gifts, PAGE);
    stage->file = 1;
    mach_msg_return_t result = fine ? MACH_MSG_SUCCESS : MACH_SEND_INVALID_DATA;
    if (fine && (!mach_os_seal(file) || !ring_send_file(ring, file)))
        result = MACH_SEND_NO_BUFFER;
    close(file);
    return result;
}

mach_msg_return_t stage_message(struct ring *ring, const mach_msg_header_t *message, mach_msg_size_t size,
                                const void *scatter, mach_msg_size_t scatter_size)
{
    struct gifts gifts;

    find_gifts(&gifts, message, size);
    struct wire_stage stage = measure(message, size, scatter_size, &gifts, 16);
    mach_msg_return_t result = MACH_MSG_SUCCESS;

    if (stage.size > RING_ROOM) {
        stage = measure(message, size, scatter_size, &gifts, PAGE);
        result = stage_in_file(ring, &stage, message, size, scatter, &gifts);
    } else {
        memcpy(ring->data, message, size);
        if (scatter_size > 0)
            memcpy(ring->data + stage.scatter_offset, scatter, scatter_size);
        if (stage.memory_count > 0)
            put_memory(ring, -1, &stage, message, size, &gifts, 16);
    }
    if (!send_gifts(ring, &gifts, result == MACH_MSG_SUCCESS) && result == MACH_MSG_SUCCESS)
        result = MACH_SEND_NO_BUFFER;
    ring->area->in = stage;
    return result;
}

void stage_deallocate(struct ring *ring, const mach_msg_header_t *message, mach_msg_size_t size)
{
    struct walk walk = walk_start(message, size);
    uint32_t taken = ring->area->back.taken;

    for (mach_msg_ool_descriptor_t *d; taken > 0 && (d = walk_next(&walk)) != NULL;) {
        if (bytes_of(d) == 0)
            continue;
        taken--;
        if (d->deallocate)
            (void)vm_deallocate(mach_task_self(), (vm_address_t)d->address, bytes_of(d));
    }
}

/* ---- receiving ------------------------------------------------------------------------------------- */

/* Reads what came back, from the area or from the file that holds it. */
static bool get(struct ring *ring, int file, uint64_t offset, void *to, uint64_t size)
{
    if (file < 0) {
        memcpy(to, ring->data + offset, size);
        return true;
    }
    for (ssize_t done; size > 0; size -= (uint64_t)done, offset += (uint64_t)done, to = (char *)to + done)
        if ((done = pread(file, to, size, (off_t)offset)) <= 0)
            return false;
    return true;
}

/* Puts one piece of memory where it belongs; NULL: there is no room. */
static void *take_memory(struct ring *ring, int file, const int *files, const struct wire_memory *record)
{
    vm_address_t address = record->address;

    if (record->offset == WIRE_NONE)
        return NULL;
    if (address == 0 && record->file != 0) {
        void *map = mmap(NULL, record->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, files[record->file - 1],
                         (off_t)record->offset);

        return map == MAP_FAILED ? NULL : map;
    }
    if (address == 0 && vm_allocate(mach_task_self(), &address, record->size, VM_FLAGS_ANYWHERE) != KERN_SUCCESS)
        return NULL;
    const int from = record->file == 0 ? file : files[record->file - 1];

    return get(ring, from, record->offset, (void *)address, record->size) ? (void *)address : NULL;
}

/* Completes the descriptors of a message that has arrived. */
static mach_msg_return_t take_all_memory(struct ring *ring, const struct wire_stage *stage, int file,
                                         const int *files, mach_msg_header_t *message)
{
    struct walk walk = walk_start(message, (mach_msg_size_t)stage->message_size);
    mach_msg_return_t result = MACH_MSG_SUCCESS;

    for (uint32_t i = 0; i < stage->memory_count; i++) {
        struct wire_memory record;
        mach_msg_ool_descriptor_t *d = walk_next(&walk);

        while (d != NULL && d->address == NULL)
            d = walk_next(&walk);
        if (d == NULL || !get(ring, file, stage->memory_offset + i * sizeof record, &record, sizeof record))
            break;
        d->address = take_memory(ring, file, files, &record);
        if (d->address == NULL) {
            d->size = 0;
            result = MACH_RCV_BODY_ERROR | MACH_MSG_VM_SPACE;
        }
    }
    return result;
}

mach_msg_return_t stage_take(struct ring *ring, void *to)
{
    const struct wire_stage stage = ring->area->back;
    mach_msg_return_t result = MACH_RCV_INVALID_DATA;
    int files[MOST_FILES];

    if (stage.message_size == 0)
        return MACH_MSG_SUCCESS;
    if (stage.files > MOST_FILES || (stage.files > 0 && !ring_receive_files(ring, files, stage.files)))
        return MACH_RCV_INVALID_DATA;
    const int own = stage.file ? files[0] : -1;

    if (get(ring, own, 0, to, stage.message_size))
        result = take_all_memory(ring, &stage, own, files + stage.file, to);
    for (uint32_t i = 0; i < stage.files; i++)
        close(files[i]);
    return result;
}
