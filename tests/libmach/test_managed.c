/* SPDX-License-Identifier: BSD-2-Clause */
/* test_managed.c - memory that one process manages and others use: by real faults, and with processes that are killed. */
#include "../managed.h"
#include "../suite.h"

#include <fcntl.h>
#include <mach/mach.h>
#include <mach/mach_vm.h>
#include <mach/pager.h>
#include <mach/vm_purgable.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE ((mach_vm_size_t)4096)
#define PAGES 16

/* What the manager has: a number for each page, with which it is filled. */
static unsigned char store[PAGES * 4096];
static _Atomic unsigned reads, writes;
static _Atomic kern_return_t read_result;

static kern_return_t read_store(void *cookie, memory_object_offset_t offset, void *data, vm_size_t size,
                                vm_prot_t access, vm_prot_t *lock)
{
    (void)cookie, (void)access, (void)lock;
    atomic_fetch_add(&reads, 1);
    if (read_result == KERN_SUCCESS)
        memcpy(data, store + offset, size);
    return read_result;
}

static kern_return_t write_store(void *cookie, memory_object_offset_t offset, const void *data, vm_size_t size)
{
    (void)cookie;
    memcpy(store + offset, data, size);
    atomic_fetch_add(&writes, 1);
    return KERN_SUCCESS;
}

static const struct pager_ops ops = {.read = read_store, .write = write_store};
static pager_t pager;
static pthread_t server;

static void *serve(void *unused)
{
    (void)pager_serve(pager_port(pager));
    return unused;
}

/* A manager in this process, and its port for children. */
static void setup(void)
{
    mach_port_t right;

    for (unsigned i = 0; i < sizeof store; i++)
        store[i] = (unsigned char)(i / 4096 + 1);
    atomic_store(&reads, 0);
    atomic_store(&writes, 0);
    read_result = KERN_SUCCESS;
    ck_assert_int_eq(pager_create(&ops, NULL, NULL, &pager), KERN_SUCCESS);
    right = pager_right(pager);
    ck_assert_int_eq(mach_ports_register(mach_task_self(), &right, 1), KERN_SUCCESS);
    ck_assert_int_eq(pthread_create(&server, NULL, serve, NULL), 0);
}

static void teardown(void)
{
    (void)mach_port_mod_refs(mach_task_self(), pager_port(pager), MACH_PORT_RIGHT_RECEIVE, -1);
    pthread_join(server, NULL);
    pager_destroy(pager);
}

/* In a child. */
static mach_port_t find(void)
{
    mach_port_array_t ports;
    mach_msg_type_number_t count;

    if (mach_ports_lookup(mach_task_self(), &ports, &count) != KERN_SUCCESS)
        _exit(90);
    return ports[0];
}

static unsigned char *map(mach_port_t object, mach_vm_size_t size, bool copy, vm_prot_t max)
{
    mach_vm_address_t address = 0;

    if (mach_vm_map(mach_task_self(), &address, size, 0, VM_FLAGS_ANYWHERE, object, 0, copy, max, max,
                    VM_INHERIT_NONE) != KERN_SUCCESS)
        return NULL;
    return (unsigned char *)address;
}

/* Runs a function in a child: its result, or minus the signal that ended it. */
static int in_child(int (*function)(void))
{
    int status;
    const pid_t pid = fork();

    if (pid == 0) {
        signal(SIGBUS, SIG_DFL);
        signal(SIGSEGV, SIG_DFL);
        _exit(function());
    }
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- use ------------------------------------------------------------------------------------------- */

static int use_memory(void)
{
    unsigned char *memory = map(find(), PAGES * PAGE, false, VM_PROT_DEFAULT);

    if (memory == NULL)
        return 1;
    for (unsigned i = 0; i < PAGES; i++)
        if (memory[i * PAGE] != i + 1 || memory[i * PAGE + 4095] != i + 1)
            return 2;
    memory[5 * PAGE + 7] = 200;
    if (mach_vm_msync(mach_task_self(), (mach_vm_address_t)memory, PAGES * PAGE, VM_SYNC_SYNCHRONOUS) != KERN_SUCCESS)
        return 3;
    memory[6 * PAGE] = 201;
    return mach_vm_deallocate(mach_task_self(), (mach_vm_address_t)memory, PAGES * PAGE) == KERN_SUCCESS ? 0 : 4;
}

/* Waits until so much has come back to the manager. */
static void wait_for_writes(unsigned count)
{
    for (int i = 0; i < 10000 && atomic_load(&writes) < count; i++)
        usleep(1000);
    ck_assert_uint_eq(atomic_load(&writes), count);
}

START_TEST(another_process_reads_and_writes_managed_memory)
{
    ck_assert_int_eq(in_child(use_memory), 0);
    ck_assert_uint_ge(atomic_load(&writes), 1); /* as vm_msync was waited for */
    ck_assert_uint_eq(store[5 * PAGE + 7], 200);
    wait_for_writes(2);
    ck_assert_uint_eq(store[6 * PAGE], 201);
    ck_assert_uint_eq(atomic_load(&reads), PAGES);
}
END_TEST

static int read_into_memory(void)
{
    unsigned char *memory = map(find(), PAGES * PAGE, false, VM_PROT_DEFAULT);
    int file = open("/dev/zero", O_RDONLY);

    if (memory == NULL || file < 0)
        return 1;
    /* Without the right to serve the kernel's own faults, the call fails; with it the page is brought in. */
    const ssize_t size = read(file, memory + PAGE - 10, 20);

    if (size != 20)
        return geteuid() == 0 ? 2 : 0;
    return memory[PAGE - 11] == 1 && memory[PAGE - 10] == 0 && memory[PAGE + 9] == 0 && memory[PAGE + 10] == 2 ? 0 : 3;
}

/* Whether faults come by signals, here. */
static bool by_signals(void)
{
    const char *way = getenv("MACH_FAULTS");

    return way != NULL && strcmp(way, "signals") == 0;
}

/* ThreadSanitizer keeps signals from the handlers of a child of a process with threads. */
#if defined __SANITIZE_THREAD__
#define CHILDREN_GET_SIGNALS false
#elif defined __has_feature
#if __has_feature(thread_sanitizer)
#define CHILDREN_GET_SIGNALS false
#endif
#endif
#ifndef CHILDREN_GET_SIGNALS
#define CHILDREN_GET_SIGNALS true
#endif

START_TEST(another_process_has_an_object_mapped)
{
    if (!CHILDREN_GET_SIGNALS || by_signals()) /* no thread can be made in its handler */
        return;
    mach_vm_address_t address = 0;
    const mach_port_t object = pager_right(pager);
    mach_port_t task;
    int ends[2], status;
    char byte;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    pid_t pid = fork();

    if (pid == 0) {
        const volatile unsigned char *memory;

        (void)mach_init();
        (void)!write(ends[1], "r", 1);
        if (read(ends[1], &memory, sizeof memory) != sizeof memory)
            _exit(0);
        _exit(memory[3 * PAGE]);
    }
    ck_assert_int_eq((int)read(ends[0], &byte, 1), 1);
    ck_assert_int_eq(task_for_pid(mach_task_self(), pid, &task), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_map(task, &address, PAGES * PAGE, 0, VM_FLAGS_ANYWHERE, object, 0, FALSE, VM_PROT_DEFAULT,
                                 VM_PROT_ALL, VM_INHERIT_COPY), KERN_SUCCESS);
    ck_assert_int_eq((int)write(ends[0], &address, sizeof address), (int)sizeof address);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(WEXITSTATUS(status), 4);
    ck_assert_int_eq(mach_port_deallocate(mach_task_self(), object), KERN_SUCCESS);
}
END_TEST

START_TEST(a_system_call_may_touch_it_too)
{
    if (!by_signals())
        ck_assert_int_eq(in_child(read_into_memory), 0);
}
END_TEST

static int read_as_nobody(void)
{
    const mach_port_t object = find();

    if (setresuid(65534, 65534, 65534) < 0)
        return 9;
    const unsigned char *memory = map(object, PAGES * PAGE, false, VM_PROT_DEFAULT);
    const mach_vm_address_t at = (mach_vm_address_t)memory;
    unsigned char bytes[2] = {0};
    mach_vm_size_t done;

    if (memory == NULL || memory[3 * PAGE] != 4)
        return 1;
    /* The host's own calls cannot bring pages in for such a process; the kernel does. */
    if (mach_vm_read_overwrite(mach_task_self(), at + 5 * PAGE - 1, 2, (mach_vm_address_t)bytes, &done) != KERN_SUCCESS ||
        bytes[0] != 5 || bytes[1] != 6)
        return 2;
    return mach_vm_write(mach_task_self(), at + 7 * PAGE, (vm_offset_t)bytes, 2) == KERN_SUCCESS && memory[7 * PAGE] == 5 &&
                   memory[7 * PAGE + 2] == 8
               ? 0
               : 3;
}

START_TEST(who_has_no_privileges_may_use_it)
{
    if (geteuid() == 0)
        ck_assert_int_eq(in_child(read_as_nobody), 0);
}
END_TEST

static int write_read_only(void)
{
    unsigned char *memory = map(find(), PAGES * PAGE, false, VM_PROT_READ);

    if (memory == NULL || memory[PAGE] != 2)
        return 1;
    if (mach_vm_protect(mach_task_self(), (mach_vm_address_t)memory, PAGE, FALSE, VM_PROT_DEFAULT) !=
        KERN_PROTECTION_FAILURE)
        return 2;
    memory[PAGE] = 3;
    return 3;
}

START_TEST(what_is_for_reading_cannot_be_written)
{
    ck_assert_int_eq(in_child(write_read_only), -SIGSEGV);
    ck_assert_uint_eq(store[PAGE], 2);
}
END_TEST

static bool is_external(mach_vm_address_t address)
{
    vm_region_extended_info_data_t info;
    mach_msg_type_number_t count = VM_REGION_EXTENDED_INFO_COUNT;
    mach_vm_size_t size;
    mach_port_t object;

    return mach_vm_region(mach_task_self(), &address, &size, VM_REGION_EXTENDED_INFO, (vm_region_info_t)&info, &count,
                          &object) == KERN_SUCCESS &&
           info.external_pager;
}

static int protect_parts(void)
{
    unsigned char *memory = map(find(), PAGES * PAGE, false, VM_PROT_DEFAULT);
    const mach_vm_address_t at = (mach_vm_address_t)memory;
    vm_region_basic_info_data_64_t info;
    mach_msg_type_number_t count = VM_REGION_BASIC_INFO_COUNT_64;
    mach_vm_address_t where = at + 2 * PAGE;
    mach_vm_size_t size;
    mach_port_t object;

    if (memory == NULL)
        return 1;
    memory[2 * PAGE] = 100;
    if (mach_vm_protect(mach_task_self(), at + 2 * PAGE, PAGE, FALSE, VM_PROT_READ) != KERN_SUCCESS ||
        mach_vm_region(mach_task_self(), &where, &size, VM_REGION_BASIC_INFO_64, (vm_region_info_t)&info, &count,
                       &object) != KERN_SUCCESS)
        return 2;
    if (where != at + 2 * PAGE || size != PAGE || info.protection != VM_PROT_READ || memory[2 * PAGE] != 100 ||
        !is_external(where) || is_external((mach_vm_address_t)&where))
        return 3;
    if (mach_vm_protect(mach_task_self(), at + 2 * PAGE, PAGE, FALSE, VM_PROT_DEFAULT) != KERN_SUCCESS)
        return 4;
    memory[2 * PAGE] = 101;
    if (mach_vm_deallocate(mach_task_self(), at + PAGE, PAGE) != KERN_SUCCESS || memory[2 * PAGE] != 101)
        return 5;
    /* A place of one's own choice, over what is there. */
    mach_vm_address_t again = at;

    if (mach_vm_map(mach_task_self(), &again, PAGES * PAGE, 0, VM_FLAGS_FIXED | VM_FLAGS_OVERWRITE, find(), 0, FALSE,
                    VM_PROT_DEFAULT, VM_PROT_DEFAULT, VM_INHERIT_NONE) != KERN_SUCCESS || again != at)
        return 6;
    return memory[2 * PAGE] == 101 && memory[PAGE] == 2 ? 0 : 7;
}

START_TEST(parts_are_protected_unmapped_and_mapped_again)
{
    ck_assert_int_eq(in_child(protect_parts), 0);
}
END_TEST

/* ---- copies ---------------------------------------------------------------------------------------- */

static int copy_memory(void)
{
    const mach_port_t object = find();
    unsigned char *memory = map(object, PAGES * PAGE, false, VM_PROT_DEFAULT);

    if (memory == NULL || memory[0] != 1)
        return 1;
    memory[PAGE] = 50;
    unsigned char *copy = map(object, PAGES * PAGE, true, VM_PROT_DEFAULT);

    if (copy == NULL)
        return 2;
    memory[0] = 51;
    memory[PAGE] = 52;
    if (copy[0] != 1 || copy[PAGE] != 50 || copy[2 * PAGE] != 3)
        return 3;
    copy[2 * PAGE] = 53;
    return memory[2 * PAGE] == 3 && copy[2 * PAGE] == 53 && memory[0] == 51 ? 0 : 4;
}

START_TEST(a_copy_is_true_whichever_is_written_first)
{
    ck_assert_int_eq(in_child(copy_memory), 0);
}
END_TEST

/* ---- named entries ----------------------------------------------------------------------------------- */

static int write_entry(void)
{
    unsigned char *memory = map(find(), 4 * PAGE, false, VM_PROT_DEFAULT);

    if (memory == NULL || memory[0] != 0 || memory[PAGE] != 9)
        return 1;
    memory[3 * PAGE] = 77;
    return 0;
}

START_TEST(memory_with_a_name_is_shared_by_whoever_gets_the_right)
{
    mach_port_t entry, others, rest[2];
    memory_object_size_t size = 4 * PAGE;

    ck_assert_int_eq(mach_make_memory_entry_64(mach_task_self(), &size, 0, MAP_MEM_NAMED_CREATE | VM_PROT_DEFAULT, &entry,
                                               MACH_PORT_NULL), KERN_SUCCESS);
    unsigned char *memory = map(entry, 4 * PAGE, false, VM_PROT_DEFAULT);

    ck_assert_ptr_nonnull(memory);
    memory[PAGE] = 9;
    ck_assert_int_eq(mach_ports_register(mach_task_self(), &entry, 1), KERN_SUCCESS);
    ck_assert_int_eq(in_child(write_entry), 0);
    ck_assert_uint_eq(memory[3 * PAGE], 77);
    /* A part of it, for reading; and a manager's object. */
    size = PAGE;
    ck_assert_int_eq(mach_make_memory_entry_64(mach_task_self(), &size, (mach_vm_address_t)memory + PAGE, VM_PROT_READ,
                                               &rest[0], MACH_PORT_NULL), KERN_SUCCESS);
    const unsigned char *part = map(rest[0], PAGE, false, VM_PROT_READ);

    ck_assert_ptr_nonnull(part);
    ck_assert_uint_eq(part[0], 9);
    ck_assert_ptr_null(map(rest[0], PAGE, false, VM_PROT_DEFAULT));
    others = mach_host_self();
    ck_assert_int_eq(mach_memory_object_memory_entry_64(others, FALSE, 2 * PAGE, VM_PROT_READ, pager_right(pager),
                                                        &rest[1]), KERN_SUCCESS);
    const unsigned char *managed = map(rest[1], 2 * PAGE, false, VM_PROT_READ);

    ck_assert_ptr_nonnull(managed);
    ck_assert_uint_eq(managed[PAGE], 2);
}
END_TEST

/* What a child sees of memory that is inherited in one way or another, and what its parent sees then. */
START_TEST(a_child_inherits_as_is_said)
{
    const mach_port_t object = pager_right(pager);
    unsigned char *shared = map(object, PAGES * PAGE, false, VM_PROT_DEFAULT);
    const mach_vm_address_t at = (mach_vm_address_t)shared;
    int status;

    ck_assert_ptr_nonnull(shared);
    ck_assert_int_eq(mach_vm_inherit(mach_task_self(), at, 4 * PAGE, VM_INHERIT_SHARE), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_inherit(mach_task_self(), at + 4 * PAGE, 4 * PAGE, VM_INHERIT_COPY), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_protect(mach_task_self(), at + 2 * PAGE, PAGE, FALSE, VM_PROT_READ), KERN_SUCCESS);
    shared[0] = 30;
    shared[4 * PAGE] = 31;
    const pid_t pid = fork();

    if (pid == 0) {
        vm_region_basic_info_data_64_t info;
        mach_msg_type_number_t count = VM_REGION_BASIC_INFO_COUNT_64;
        mach_vm_address_t where = at + 8 * PAGE;
        mach_vm_size_t size;
        mach_port_t name;

        if (shared[0] != 30 || shared[PAGE] != 2 || shared[2 * PAGE] != 3 || shared[4 * PAGE] != 31 ||
            shared[5 * PAGE] != 6)
            _exit(1);
        shared[PAGE] = 40;
        shared[5 * PAGE] = 41;
        if (mach_vm_region(mach_task_self(), &where, &size, VM_REGION_BASIC_INFO_64, (vm_region_info_t)&info, &count,
                           &name) != KERN_SUCCESS || where < at + 16 * PAGE) /* the rest is not inherited */
            _exit(2);
        if (mach_vm_protect(mach_task_self(), at + 2 * PAGE, PAGE, FALSE, VM_PROT_DEFAULT) != KERN_SUCCESS)
            _exit(3);
        const pid_t grandchild = fork();

        if (grandchild == 0)
            _exit(shared[PAGE] == 40 && shared[5 * PAGE] == 41 && shared[6 * PAGE] == 7 ? 0 : 1);
        waitpid(grandchild, &status, 0);
        _exit(status == 0 ? 0 : 4);
    }
    shared[4 * PAGE] = 32;
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(shared[PAGE], 40);
    ck_assert_uint_eq(shared[5 * PAGE], 6);
    ck_assert_int_eq(mach_vm_deallocate(mach_task_self(), at, PAGES * PAGE), KERN_SUCCESS);
}
END_TEST

START_TEST(purgable_memory_says_whether_it_is_still_there)
{
    mach_vm_address_t address = 0;
    int state = VM_PURGABLE_VOLATILE;

    ck_assert_int_eq(mach_vm_allocate(mach_task_self(), &address, 4 * PAGE, VM_FLAGS_ANYWHERE | VM_FLAGS_PURGABLE),
                     KERN_SUCCESS);
    unsigned char *memory = (unsigned char *)address;

    memory[PAGE] = 5;
    ck_assert_int_eq(mach_vm_purgable_control(mach_task_self(), address, VM_PURGABLE_SET_STATE, &state), KERN_SUCCESS);
    ck_assert_int_eq(state, VM_PURGABLE_NONVOLATILE);
    ck_assert_uint_eq(memory[PAGE], 5);
    ck_assert_int_eq(mach_vm_purgable_control(mach_task_self(), address, VM_PURGABLE_PURGE_ALL, &state), KERN_SUCCESS);
    state = VM_PURGABLE_NONVOLATILE;
    ck_assert_int_eq(mach_vm_purgable_control(mach_task_self(), address, VM_PURGABLE_SET_STATE, &state), KERN_SUCCESS);
    ck_assert_int_eq(state, VM_PURGABLE_EMPTY);
    ck_assert_uint_eq(memory[PAGE], 0);
    ck_assert_int_eq(mach_vm_deallocate(mach_task_self(), address, 4 * PAGE), KERN_SUCCESS);
}
END_TEST

/* Maps, uses and unmaps, beside another thread that does the same: places go from one to the other. */
static void *come_and_go(void *entry)
{
    const mach_port_t object = *(const mach_port_t *)entry;

    for (unsigned i = 0; i < 400; i++) {
        unsigned char *memory = map(object, 2 * PAGE, false, VM_PROT_DEFAULT);

        if (memory == NULL || memory[PAGE] != 9 ||
            mach_vm_deallocate(mach_task_self(), (mach_vm_address_t)memory, 2 * PAGE) != KERN_SUCCESS)
            return entry;
    }
    return NULL;
}

START_TEST(threads_map_and_unmap_beside_each_other)
{
    mach_port_t entry;
    memory_object_size_t size = 2 * PAGE;
    pthread_t threads[3];
    void *failed;

    ck_assert_int_eq(mach_make_memory_entry_64(mach_task_self(), &size, 0, MAP_MEM_NAMED_CREATE | VM_PROT_DEFAULT, &entry,
                                               MACH_PORT_NULL), KERN_SUCCESS);
    unsigned char *memory = map(entry, 2 * PAGE, false, VM_PROT_DEFAULT);

    ck_assert_ptr_nonnull(memory);
    memory[PAGE] = 9;
    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, come_and_go, &entry), 0);
    for (unsigned i = 0; i < 3; i++) {
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
}
END_TEST

static int punch_hole(void)
{
    unsigned char *memory = map(find(), 4 * PAGE, false, VM_PROT_DEFAULT);

    if (memory == NULL || memory[PAGE] != 9)
        return 1;
    memory[2 * PAGE] = 8;
    return madvise(memory, 4 * PAGE, MADV_REMOVE) == 0 ? 0 : 2;
}

START_TEST(who_spoils_the_file_of_an_object_spoils_its_bytes_and_no_more)
{
    mach_port_t entry;
    memory_object_size_t size = 4 * PAGE;

    ck_assert_int_eq(mach_make_memory_entry_64(mach_task_self(), &size, 0, MAP_MEM_NAMED_CREATE | VM_PROT_DEFAULT, &entry,
                                               MACH_PORT_NULL), KERN_SUCCESS);
    unsigned char *memory = map(entry, 4 * PAGE, false, VM_PROT_DEFAULT);

    ck_assert_ptr_nonnull(memory);
    memory[PAGE] = 9;
    ck_assert_int_eq(mach_ports_register(mach_task_self(), &entry, 1), KERN_SUCCESS);
    ck_assert_int_eq(in_child(punch_hole), 0);
    ck_assert_uint_eq(memory[PAGE], 0); /* it could have written that */
    memory[PAGE] = 10;
    ck_assert_uint_eq(memory[PAGE], 10);
    ck_assert_int_eq(in_child(punch_hole), 1);
}
END_TEST

/* ---- managers that fail ------------------------------------------------------------------------------ */

static int touch(void)
{
    const unsigned char *memory = map(find(), PAGES * PAGE, false, VM_PROT_DEFAULT);

    return memory == NULL ? 99 : memory[0];
}

START_TEST(an_error_of_the_managers_is_a_signal)
{
    read_result = KERN_FAILURE;
    ck_assert_int_eq(in_child(touch), -SIGBUS);
    read_result = KERN_SUCCESS;
    ck_assert_int_eq(in_child(touch), 1);
    read_result = KERN_INVALID_ADDRESS; /* nothing there: zeros */
    ck_assert_int_eq(in_child(touch), 0);
}
END_TEST

/* A manager that takes requests, and is killed while someone waits. */
START_TEST(a_manager_that_is_killed_harms_only_those_who_use_its_memory)
{
    int status, ready[2];

    ck_assert_int_eq(pipe(ready), 0);
    const pid_t manager = fork();

    if (manager == 0) {
        mach_port_t own;

        if (mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &own) != KERN_SUCCESS ||
            mach_port_insert_right(mach_task_self(), own, own, MACH_MSG_TYPE_MAKE_SEND) != KERN_SUCCESS ||
            mach_ports_register(mach_task_self(), &own, 1) != KERN_SUCCESS)
            _exit(1);
        const pid_t user = fork();

        if (user == 0) {
            const unsigned char *memory = map(find(), PAGE, false, VM_PROT_DEFAULT);

            signal(SIGBUS, SIG_DFL);
            (void)!write(ready[1], "r", 1);
            _exit(memory == NULL ? 99 : memory[0]);
        }
        waitpid(user, &status, 0);
        _exit(0);
    }
    char byte;

    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    usleep(50000);
    close(ready[1]);
    kill(manager, SIGKILL);
    waitpid(manager, &status, 0);
    ck_assert_int_eq(read(ready[0], &byte, 1), 0); /* who used it has ended as well */
    close(ready[0]);
    ck_assert_int_eq(in_child(touch), 1);
}
END_TEST

/* ---- many ------------------------------------------------------------------------------------------ */

static int share(void)
{
    unsigned char *memory = map(find(), PAGES * PAGE, false, VM_PROT_DEFAULT);

    if (memory == NULL)
        return 1;
    for (int i = 0; i < 100; i++)
        atomic_fetch_add((_Atomic unsigned *)(void *)(memory + 8 * PAGE), 1);
    return 0;
}

/* A process that has a page, and is stopped. */
static pid_t stopped_user(void)
{
    const pid_t pid = fork();
    int status;

    if (pid == 0) {
        signal(SIGBUS, SIG_DFL);
        unsigned char *memory = map(find(), PAGES * PAGE, false, VM_PROT_DEFAULT);

        if (memory == NULL)
            _exit(99);
        memory[0] = 20;
        raise(SIGSTOP);
        memory[0] = 21;
        _exit(memory[PAGE]);
    }
    ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
    ck_assert(WIFSTOPPED(status));
    return pid;
}

/* It need not answer for a userfaultfd; by signals it must, and loses its memory. */
START_TEST(a_stopped_process_keeps_no_page)
{
    const pid_t pid = stopped_user();
    int status;

    ck_assert_int_eq(pager_return(pager, 0, PAGE, TRUE), KERN_SUCCESS);
    while (atomic_load(&writes) == 0)
        usleep(1000);
    ck_assert_int_eq(in_child(touch), 20); /* what it wrote has come back */
    kill(pid, SIGCONT);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    if (by_signals())
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
    else
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 2);
    ck_assert_uint_ne(in_child(touch), 99);
}
END_TEST

START_TEST(fifty_processes_share_one_object)
{
    pid_t pids[50];
    unsigned total;

    memset(store + 8 * PAGE, 0, PAGE);
    for (unsigned i = 0; i < 50; i++)
        if ((pids[i] = fork()) == 0)
            _exit(share());
    for (unsigned i = 0; i < 50; i++) {
        int status;

        waitpid(pids[i], &status, 0);
        ck_assert_int_eq(status, 0);
    }
    const unsigned char *memory = map(pager_port(pager), PAGES * PAGE, false, VM_PROT_DEFAULT);

    ck_assert_ptr_nonnull(memory);
    memcpy(&total, memory + 8 * PAGE, sizeof total);
    ck_assert_uint_eq(total, 5000);
    ck_assert_int_eq(mach_vm_deallocate(mach_task_self(), (mach_vm_address_t)memory, PAGES * PAGE), KERN_SUCCESS);
}
END_TEST

static int be_killed(void)
{
    unsigned char *memory = map(find(), PAGES * PAGE, false, VM_PROT_DEFAULT);

    if (memory == NULL)
        return 1;
    for (unsigned i = 0;; i++)
        memory[i % PAGES * PAGE] ^= 1;
}

START_TEST(users_killed_at_any_moment_harm_no_one)
{
    for (unsigned i = 0; i < 30; i++) {
        int status;
        const pid_t pid = fork();

        if (pid == 0)
            _exit(be_killed());
        usleep(i * 500);
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
    }
    ck_assert_int_ge(in_child(touch), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("managed");
    const TTest *const tests[] = {
        another_process_reads_and_writes_managed_memory,
        another_process_has_an_object_mapped,
        a_system_call_may_touch_it_too,
        who_has_no_privileges_may_use_it,
        what_is_for_reading_cannot_be_written,
        parts_are_protected_unmapped_and_mapped_again,
        a_copy_is_true_whichever_is_written_first,
        memory_with_a_name_is_shared_by_whoever_gets_the_right,
        who_spoils_the_file_of_an_object_spoils_its_bytes_and_no_more,
        a_child_inherits_as_is_said,
        threads_map_and_unmap_beside_each_other,
        purgable_memory_says_whether_it_is_still_there,
        an_error_of_the_managers_is_a_signal,
        a_manager_that_is_killed_harms_only_those_who_use_its_memory,
        a_stopped_process_keeps_no_page,
        fifty_processes_share_one_object,
        users_killed_at_any_moment_harm_no_one,
    };

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        add_test(s, tests[i], setup, teardown, 60);
    return s;
}

int main(void)
{
    need_managed_memory();
    return run_suite(suite());
}
