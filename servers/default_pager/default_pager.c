/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * default_pager.c - the default memory manager: keeps pages of anonymous memory in a file when frames run short.
 *
 * One thread serves a port set with the port that the kernel has for new objects, and a port for each object.  Pages lie
 * in slots of the file, the lowest that are free; an object knows the slots of its pages by a table of tables.
 */
#include <argp.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mach/mach.h>
#include <mach/pager.h>

#include "gen/default_pager/memory_object_default_server.h"

#define PAGE ((vm_size_t)4096)
#define TABLE_SLOTS 1024u
#define NO_SLOT UINT32_MAX

/* ---- the file -------------------------------------------------------------------------------------- */

static struct {
    int file;
    uint32_t limit;  /* slots */
    uint32_t used;
    uint32_t lowest; /* no slot below is free */
    uint64_t *taken; /* a bit for each slot */
} backing = {.file = -1};

static bool is_taken(uint32_t slot)
{
    return backing.taken[slot / 64] >> slot % 64 & 1;
}

static uint32_t take_slot(void)
{
    for (uint32_t slot = backing.lowest; slot < backing.limit; slot++)
        if (!is_taken(slot)) {
            backing.taken[slot / 64] |= (uint64_t)1 << slot % 64;
            backing.lowest = slot + 1;
            backing.used++;
            return slot;
        }
    return NO_SLOT;
}

static void free_slot(uint32_t slot)
{
    backing.taken[slot / 64] &= ~((uint64_t)1 << slot % 64);
    backing.used--;
    if (slot < backing.lowest)
        backing.lowest = slot;
    fallocate(backing.file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)(slot * PAGE), (off_t)PAGE);
}

/* ---- objects --------------------------------------------------------------------------------------- */

struct object {
    pager_t pager;
    mach_port_t port;
    uint32_t **tables;
    size_t table_count;
};

/* The place of a page's slot; with `make` there is one unless memory lacks. */
static uint32_t *slot_of(struct object *object, uint64_t page, bool make)
{
    const size_t table = page / TABLE_SLOTS;

    if (table >= object->table_count)
        return NULL;
    if (object->tables[table] == NULL && make) {
        object->tables[table] = malloc(TABLE_SLOTS * sizeof(uint32_t));
        if (object->tables[table] != NULL)
            memset(object->tables[table], 0xff, TABLE_SLOTS * sizeof(uint32_t));
    }
    return object->tables[table] == NULL ? NULL : &object->tables[table][page % TABLE_SLOTS];
}

static kern_return_t read_page(struct object *object, uint64_t page, void *data)
{
    const uint32_t *slot = slot_of(object, page, false);

    if (slot == NULL || *slot == NO_SLOT)
        return KERN_INVALID_ADDRESS;
    return pread(backing.file, data, PAGE, (off_t)(*slot * PAGE)) == (ssize_t)PAGE ? KERN_SUCCESS : KERN_FAILURE;
}

static kern_return_t read_pages(void *cookie, memory_object_offset_t offset, void *data, vm_size_t size,
                                vm_prot_t access, vm_prot_t *lock)
{
    kern_return_t result = KERN_SUCCESS;

    (void)access, (void)lock;
    for (vm_size_t at = 0; at < size && result == KERN_SUCCESS; at += PAGE)
        result = read_page(cookie, (offset + at) / PAGE, (char *)data + at);
    return result;
}

static bool write_page(struct object *object, uint64_t page, const void *data)
{
    uint32_t *slot = slot_of(object, page, true);

    if (slot == NULL)
        return false;
    if (*slot == NO_SLOT)
        *slot = take_slot();
    return *slot != NO_SLOT && pwrite(backing.file, data, PAGE, (off_t)(*slot * PAGE)) == (ssize_t)PAGE;
}

/* There is no one to tell that a page is lost but its reader, who gets an error. */
static kern_return_t write_pages(void *cookie, memory_object_offset_t offset, const void *data, vm_size_t size)
{
    kern_return_t result = KERN_SUCCESS;

    for (vm_size_t at = 0; at < size; at += PAGE)
        if (!write_page(cookie, (offset + at) / PAGE, (const char *)data + at)) {
            if (result == KERN_SUCCESS)
                fprintf(stderr, "mach-default-pager: no room for a page: %u of %u are used\n", backing.used, backing.limit);
            result = KERN_RESOURCE_SHORTAGE;
        }
    return result;
}

static void free_object(struct object *object)
{
    for (size_t i = 0; i < object->table_count; i++) {
        for (unsigned k = 0; object->tables[i] != NULL && k < TABLE_SLOTS; k++)
            if (object->tables[i][k] != NO_SLOT)
                free_slot(object->tables[i][k]);
        free(object->tables[i]);
    }
    free(object->tables);
    free(object);
}

static void end_object(void *cookie)
{
    struct object *object = cookie;

    pager_destroy(object->pager);
    free_object(object);
}

static const struct pager_ops ops = {.read = read_pages, .write = write_pages, .unmapped = end_object};

/* ---- requests -------------------------------------------------------------------------------------- */

static mach_port_t port_set;

kern_return_t serve_memory_object_create(memory_object_default_t port, mach_port_t new_object,
                                         memory_object_size_t size, memory_object_control_t control, vm_size_t page_size)
{
    struct object *object = page_size == PAGE ? calloc(1, sizeof *object) : NULL;

    (void)port;
    if (object == NULL)
        return KERN_RESOURCE_SHORTAGE;
    object->port = new_object;
    object->table_count = (size / PAGE + TABLE_SLOTS) / TABLE_SLOTS;
    object->tables = calloc(object->table_count, sizeof *object->tables);
    if (object->tables == NULL || pager_adopt(&ops, object, new_object, control, &object->pager) != KERN_SUCCESS) {
        free(object->tables);
        free(object);
        return KERN_RESOURCE_SHORTAGE; /* the rights go with the request: whoever needs a page gets an error */
    }
    return mach_port_move_member(mach_task_self(), new_object, port_set);
}

static boolean_t demux(mach_msg_header_t *request, mach_msg_header_t *reply)
{
    return pager_demux(request, reply) || memory_object_default_server(request, reply);
}

/* ---- the program ------------------------------------------------------------------------------------ */

const char *argp_program_version = "mach-default-pager (machsim) 0.1";

static const char *path;
static uint64_t size = (uint64_t)1 << 30;

static const struct argp_option options[] = {
    {"file", 'f', "PATH", 0, "Keep pages in this file, which is emptied; else in one of $TMPDIR without a name", 0},
    {"size", 's', "BYTES", 0, "At most so many bytes of pages [1073741824]", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    char *end;

    switch (key) {
    case 'f': path = text; return 0;
    case 's':
        size = strtoull(text, &end, 0);
        if (*text == '\0' || *end != '\0' || size < PAGE || size / PAGE >= NO_SLOT)
            argp_error(state, "%s: a size in bytes, of a page at least and 16 TiB at most", text);
        return 0;
    case ARGP_KEY_ARG: argp_usage(state); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

/* A file that no one else has. */
static int open_file(void)
{
    const char *folder = getenv("TMPDIR");

    if (path != NULL)
        return open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    return open(folder != NULL ? folder : "/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

static kern_return_t start(void)
{
    mach_port_t host = mach_host_self(), port;
    kern_return_t result = mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &port_set);

    if (result == KERN_SUCCESS)
        result = mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port);
    if (result == KERN_SUCCESS)
        result = mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND);
    if (result == KERN_SUCCESS)
        result = mach_port_move_member(mach_task_self(), port, port_set);
    if (result == KERN_SUCCESS)
        result = host_default_memory_manager(host, &port, PAGE);
    return result;
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        options, parse, NULL, "Keeps pages of Mach memory in a file when the kernel's page cache is full.", NULL, NULL, NULL};

    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    backing.limit = (uint32_t)(size / PAGE);
    backing.taken = calloc(backing.limit / 64 + 1, sizeof *backing.taken);
    backing.file = open_file();
    if (backing.taken == NULL || backing.file < 0) {
        perror(path != NULL ? path : "mach-default-pager");
        return EXIT_FAILURE;
    }
    const kern_return_t result = start();

    if (result == KERN_INVALID_HOST) {
        fprintf(stderr, "mach-default-pager: only root, and who runs machsim, may keep everyone's memory\n");
        return EXIT_FAILURE;
    }
    if (result != KERN_SUCCESS) {
        mach_error("mach-default-pager: cannot start", result);
        return EXIT_FAILURE;
    }
    printf("ready\n");
    fflush(stdout);
    mach_error("mach-default-pager", mach_msg_server(demux, 4096, port_set, MACH_MSG_OPTION_NONE));
    return EXIT_FAILURE;
}
