/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stage.c - the bytes that come with a trap and go back from it: see struct wire_stage.
 *
 * What comes is in the client's area, which it may change as we read (each byte is read once), or in a memfd that it
 * can change no more.  What goes back is gathered while the trap runs, and laid out when it ends.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hal/hosted/hosted.h"
#include "vm/vm_copy.h"

#define AREA_ROOM (WIRE_AREA_SIZE - WIRE_DATA_OFFSET)
#define PAGE 4096u
/* Smaller memory is copied: a mapping costs more. */
#define SMALLEST_PAGES (64u * 1024)
#define MOST_FILES 8u

_Static_assert(WIRE_MAX_PORTS == IPC_KMSG_MAX_OOL_PORTS, "libmach knows the core's limit");

struct hal_pages {
    struct hosted_file *file;
    uint64_t offset;
};

/* ---- files ----------------------------------------------------------------------------------------- */

struct hosted_file *hosted_file_make(int file)
{
    struct hosted_file *f = hal_alloc(sizeof *f);

    if (f == NULL) {
        close(file);
        return NULL;
    }
    ref_init(&f->refs);
    f->file = file;
    return f;
}

void hosted_file_get(struct hosted_file *file)
{
    ref_get(&file->refs);
}

void hosted_file_put(struct hosted_file *file)
{
    if (file == NULL || !ref_put(&file->refs))
        return;
    close(file->file);
    hal_free(file, sizeof *file);
}

/* ---- what comes with a trap ------------------------------------------------------------------------ */

static bool within(uint64_t offset, uint64_t size, uint64_t limit)
{
    return offset <= limit && size <= limit - offset;
}

/* Takes over a memfd that the client has sent for this trap.  NULL: none, or one that it could change. */
static struct hosted_file *open_file(struct hosted_thread *t)
{
    struct stat status;
    int file = receive_file(t->connection);

    if (file < 0)
        return NULL;
    if (!os_is_sealed(file) || fstat(file, &status) < 0) {
        close(file);
        return NULL;
    }
    struct hosted_file *made = hosted_file_make(file);

    if (made != NULL)
        made->size = (uint64_t)status.st_size;
    return made;
}

/* All that came, whatever is wrong with one: nothing may be left for the next trap. */
static bool open_files(struct hosted_thread *t)
{
    bool fine = t->in.files <= WIRE_MAX_FILES;

    if (t->in.file) {
        t->in_file = open_file(t);
        fine = fine && t->in_file != NULL && t->in_file->size >= t->in.size;
    } else {
        fine = fine && t->in.size <= AREA_ROOM;
    }
    for (uint32_t i = 0; i < t->in.files && i < WIRE_MAX_FILES; i++)
        fine = (t->in_files[i] = open_file(t)) != NULL && fine;
    return fine;
}

bool stage_open(struct hosted_thread *t)
{
    memcpy(&t->in, &t->area->in, sizeof t->in);
    t->next_memory = 0;
    memset(&t->area->back, 0, sizeof t->area->back);
    const struct wire_stage *in = &t->in;

    if (!open_files(t))
        return false;
    return within(0, in->message_size, in->size) && within(in->scatter_offset, in->scatter_size, in->size) &&
           in->memory_count <= in->size / sizeof(struct wire_memory) &&
           within(in->memory_offset, in->memory_count * sizeof(struct wire_memory), in->size);
}

static bool read_stage(struct hosted_thread *t, uint64_t offset, void *to, size_t size)
{
    if (t->in_file == NULL) {
        memcpy(to, t->data + offset, size);
        return true;
    }
    for (ssize_t got; size > 0; size -= (size_t)got, offset += (uint64_t)got, to = (uint8_t *)to + got)
        if ((got = pread(t->in_file->file, to, size, (off_t)offset)) <= 0)
            return false;
    return true;
}

bool hal_copyin_message(struct thread *thread, uint64_t address, void *to, size_t size)
{
    struct hosted_thread *t = thread->hal;

    if (address == thread->msg.message && size <= t->in.message_size)
        return read_stage(t, 0, to, size);
    if (address == thread->msg.receive_message && size <= t->in.scatter_size)
        return read_stage(t, t->in.scatter_offset, to, size);
    return false;
}

/* Large memory in a file stays there; the copy refers to it. */
static struct vm_map_copy *copy_of_file(struct hosted_file *file, const struct wire_memory *record)
{
    struct hal_pages *pages = hal_alloc(sizeof *pages);
    struct vm_map_copy *copy = pages == NULL ? NULL : vm_map_copy_of_pages(pages, record->size);

    if (copy == NULL) {
        hal_free(pages, sizeof *pages);
        return NULL;
    }
    hosted_file_get(file);
    *pages = (struct hal_pages){.file = file, .offset = record->offset};
    return copy;
}

static struct vm_map_copy *copy_of_bytes(struct hosted_thread *t, const struct wire_memory *record)
{
    struct vm_map_copy *copy = vm_map_copy_alloc(record->size);

    if (copy != NULL && !read_stage(t, record->offset, copy->data, (size_t)record->size)) {
        vm_map_copy_discard(copy);
        return NULL;
    }
    return copy;
}

kern_return_t hal_copyin_memory(struct thread *thread, uint64_t address, uint64_t size, bool deallocate,
                                struct vm_map_copy **copy)
{
    struct hosted_thread *t = thread->hal;
    struct wire_memory record;

    (void)deallocate; /* the client does that, for as many as were taken */
    if (t->next_memory >= t->in.memory_count ||
        !read_stage(t, t->in.memory_offset + t->next_memory * sizeof record, &record, sizeof record))
        return KERN_INVALID_ADDRESS;
    if (record.address != address || record.size != size || record.file > t->in.files)
        return KERN_INVALID_ADDRESS;
    struct hosted_file *file = record.file == 0 ? t->in_file : t->in_files[record.file - 1];
    const bool in_pages = file != NULL && size >= SMALLEST_PAGES && record.offset % PAGE == 0;

    if (!within(record.offset, size, record.file == 0 ? t->in.size : file->size) || (record.file != 0 && !in_pages))
        return KERN_INVALID_ADDRESS;
    *copy = in_pages ? copy_of_file(file, &record) : copy_of_bytes(t, &record);
    if (*copy == NULL)
        return KERN_RESOURCE_SHORTAGE;
    t->next_memory++;
    return KERN_SUCCESS;
}

void hal_pages_release(struct hal_pages *pages)
{
    hosted_file_put(pages->file);
    hal_free(pages, sizeof *pages);
}

bool hal_pages_read(struct hal_pages *pages, uint64_t offset, void *to, size_t size)
{
    for (ssize_t got; size > 0; size -= (size_t)got, offset += (uint64_t)got, to = (uint8_t *)to + got)
        if ((got = pread(pages->file->file, to, size, (off_t)(pages->offset + offset))) <= 0)
            return false;
    return true;
}

/* ---- what goes back -------------------------------------------------------------------------------- */

/* Where in the message that goes back an address of the client's lies. */
static uint64_t offset_of(const struct thread *thread, uint64_t address)
{
    const struct mach_msg_arguments *msg = &thread->msg;

    if (msg->receive_message != 0 && address >= msg->receive_message &&
        address - msg->receive_message < msg->receive_size)
        return address - msg->receive_message;
    return address - msg->message;
}

bool hal_copyout_message(struct thread *thread, const void *from, uint64_t address, size_t size)
{
    struct hosted_thread *t = thread->hal;
    const uint64_t offset = offset_of(thread, address);
    uint8_t *to = t->data;

    if (address == 0 || !within(offset, size, (uint64_t)IPC_KMSG_MAX_BODY))
        return false;
    if (offset + size > AREA_ROOM) {
        if (offset != 0 || t->message != NULL || (t->message = hal_alloc_raw(size)) == NULL)
            return false;
        to = t->message;
    }
    memcpy(to + offset, from, size);
    if (offset + size > t->message_size)
        t->message_size = offset + size;
    return true;
}

static bool memory_room(struct hosted_thread *t)
{
    const uint32_t room = t->memory_room == 0 ? 4 : t->memory_room * 2;

    if (t->memory_count < t->memory_room)
        return true;
    struct vm_map_copy **memory = hal_alloc(room * sizeof *memory);
    uint64_t *places = hal_alloc(room * sizeof *places);

    if (memory == NULL || places == NULL) {
        hal_free(memory, room * sizeof *memory);
        hal_free(places, room * sizeof *places);
        return false;
    }
    for (uint32_t i = 0; i < t->memory_count; i++) {
        memory[i] = t->memory[i];
        places[i] = t->places[i];
    }
    hal_free(t->memory, t->memory_room * sizeof *memory);
    hal_free(t->places, t->memory_room * sizeof *places);
    t->memory = memory;
    t->places = places;
    t->memory_room = room;
    return true;
}

kern_return_t hal_copyout_memory(struct thread *thread, struct vm_map_copy *copy, uint64_t *address)
{
    struct hosted_thread *t = thread->hal;

    if (!memory_room(t))
        return KERN_RESOURCE_SHORTAGE;
    t->memory[t->memory_count] = copy;
    t->places[t->memory_count++] = *address;
    if (*address == 0)
        *address = 1; /* the client puts the true one there */
    return KERN_SUCCESS;
}

/* ---- laying out ------------------------------------------------------------------------------------ */

/* Where everything goes. */
struct layout {
    struct wire_stage stage;
    int files[MOST_FILES]; /* those that go along; the first is the stage's own if it has one */
    unsigned file_count;
};

static uint64_t align(uint64_t offset)
{
    return (offset + 15) & ~(uint64_t)15;
}

/* The number of a file among those that go along, which it joins; 0: there are too many. */
static uint32_t number_of(struct layout *layout, int file, unsigned first)
{
    for (unsigned i = first; i < layout->file_count; i++)
        if (layout->files[i] == file)
            return i - first + 1;
    if (layout->file_count == MOST_FILES)
        return 0;
    layout->files[layout->file_count++] = file;
    return layout->file_count - first;
}

/* Bytes of the stage: message, records, and memory that is held as bytes. */
static struct wire_stage measure(const struct hosted_thread *t)
{
    struct wire_stage stage = {.message_size = t->message_size, .memory_count = t->memory_count, .taken = t->next_memory};

    stage.memory_offset = align(t->message_size);
    stage.size = stage.memory_offset + t->memory_count * sizeof(struct wire_memory);
    for (uint32_t i = 0; i < t->memory_count; i++)
        if (t->memory[i]->pages == NULL)
            stage.size = align(stage.size) + t->memory[i]->size;
    return stage;
}

/* Writes to the stage, in the area or (file >= 0) a file. */
static bool write_stage(struct hosted_thread *t, int file, uint64_t offset, const void *from, size_t size)
{
    if (file < 0) {
        memmove(t->data + offset, from, size);
        return true;
    }
    for (ssize_t put; size > 0; size -= (size_t)put, offset += (uint64_t)put, from = (const uint8_t *)from + put)
        if ((put = pwrite(file, from, size, (off_t)offset)) <= 0)
            return false;
    return true;
}

/* Writes records and memory behind the message. */
static bool write_memory(struct hosted_thread *t, struct layout *layout, int file)
{
    uint64_t at = layout->stage.memory_offset + t->memory_count * sizeof(struct wire_memory);
    bool fine = true;

    for (uint32_t i = 0; i < t->memory_count && fine; i++) {
        const struct vm_map_copy *copy = t->memory[i];
        struct wire_memory record = {.address = t->places[i], .size = copy->size, .offset = WIRE_NONE};

        if (copy->pages != NULL) {
            record.file = number_of(layout, copy->pages->file->file, file < 0 ? 0 : 1);
            record.offset = record.file == 0 ? WIRE_NONE : copy->pages->offset;
        } else {
            at = align(at);
            record.offset = at;
            fine = write_stage(t, file, at, copy->data, (size_t)copy->size);
            at += copy->size;
        }
        fine = fine && write_stage(t, file, layout->stage.memory_offset + i * sizeof record, &record, sizeof record);
    }
    return fine;
}

/* Lays out everything; false: something could not be had, and there is nothing to take. */
static bool lay_out(struct hosted_thread *t)
{
    struct layout layout = {.stage = measure(t)};
    int file = -1;
    bool fine = true;

    if (layout.stage.size > AREA_ROOM) {
        file = os_shared_file("mach-reply", (size_t)layout.stage.size);
        if (file < 0)
            return false;
        layout.files[layout.file_count++] = file;
        layout.stage.file = 1;
        fine = write_stage(t, file, 0, t->message != NULL ? t->message : t->data, (size_t)t->message_size);
    }
    fine = fine && write_memory(t, &layout, file);
    for (unsigned i = 0; i < HOSTED_ATTACH && t->attach[i] >= 0; i++)
        layout.files[layout.file_count++] = t->attach[i];
    if (fine && layout.file_count > 0)
        fine = send_files(t->connection, layout.files, layout.file_count);
    if (file >= 0)
        close(file);
    layout.stage.files = layout.file_count;
    if (fine)
        memcpy(&t->area->back, &layout.stage, sizeof layout.stage);
    return fine;
}

void stage_discard(struct hosted_thread *t)
{
    hosted_file_put(t->in_file);
    t->in_file = NULL;
    for (uint32_t i = 0; i < WIRE_MAX_FILES; i++) {
        hosted_file_put(t->in_files[i]);
        t->in_files[i] = NULL;
    }
    hal_free(t->message, t->message == NULL ? 0 : (size_t)t->message_size);
    t->message = NULL;
    t->message_size = 0;
    for (uint32_t i = 0; i < t->memory_count; i++)
        vm_map_copy_discard(t->memory[i]);
    t->memory_count = 0;
    for (unsigned i = 0; i < HOSTED_ATTACH && t->attach[i] >= 0; i++)
        close(t->attach[i]);
    client_attach_none(t);
    hal_free(t->memory, t->memory_room * sizeof *t->memory);
    hal_free(t->places, t->memory_room * sizeof *t->places);
    t->memory = NULL;
    t->places = NULL;
    t->memory_room = 0;
}

void stage_close(struct hosted_thread *t)
{
    t->area->back.taken = t->next_memory;
    if (t->message_size > 0 || t->memory_count > 0 || t->attach[0] >= 0) {
        if (!lay_out(t))
            t->area->result = (uint32_t)MACH_RCV_INVALID_DATA;
    }
    stage_discard(t);
}
