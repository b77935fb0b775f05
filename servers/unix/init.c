/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * init.c - the first program of a machine: it starts the bootstrap server, and then what the file etc/rc of the boot loader's
 * archive says, and is the Unix of all of these.  When the last has ended it powers the machine off.
 *
 * A line of etc/rc is a program of the archive and its arguments.  With an & at the end the next line does not wait for it.  Lines
 * with # are remarks.
 */
#include <mach/host_priv.h>
#include <string.h>

#include "gen/bootstrap.h"
#include "gen/bootstrap_ids.h"
#include "gen/mach_exc.h"
#include "gen/mach_exc_ids.h"
#include "libmach/trap/trap.h"
#include "unix.h"

#define BOOTSTRAP_SERVER "bootstrap_server"
#define WORDS_MAX 16u
#define HALT 8 /* RB_HALT: host_reboot */

static mach_port_t own_port; /* the bootstrap port of the bootstrap server */
static bool bootstrap_is_there;

/* ---- messages -------------------------------------------------------------------------------------- */

typedef union {
    mach_msg_header_t header;
    __Request__mach_exception_raise_state_t raise;
    __Request__bootstrap_register_t registration;
    unsigned char room[sizeof(__Request__mach_exception_raise_state_t) + MAX_TRAILER_SIZE];
} request_t;

/* A system call of a thread's. */
static void serve_call(struct unix_thread *thread, const request_t *request)
{
    thread->request = request->header;
    memcpy(&thread->registers, request->raise.old_state, sizeof thread->registers);
    const int64_t result = unix_call(thread, (uint64_t)request->raise.code[0]);

    if (result != LATER && result != NEVER)
        unix_answer(thread, result);
}

/* What a program did that it must not: its end. */
static void serve_fault(struct process *process, request_t *request)
{
    static const char *const kinds[] = {"?", "a bad address", "a bad instruction", "bad arithmetic", "emulation", "software",
                                        "a breakpoint"};
    const exception_type_t kind = request->raise.exception;
    x86_thread_state64_t registers;

    memcpy(&registers, request->raise.old_state, sizeof registers);
    mach_print("init: ");
    mach_print(process->name);
    mach_print(" ends: ");
    mach_print(kinds[kind > 0 && kind <= EXC_BREAKPOINT ? kind : 0]);
    mach_print(", code ");
    mach_print_number(request->raise.code[0]);
    mach_print(", ");
    mach_print_number(request->raise.code[1]);
    mach_print(", at ");
    mach_print_number((long long)registers.__rip);
    mach_print("\n");
    process_end(process, 128 + 11);
    mach_msg_destroy(&request->header);
}

/* The bootstrap server tells its port as if it were a service. */
static void serve_registration(request_t *request)
{
    struct {
        mach_msg_header_t header;
        NDR_record_t ndr;
        kern_return_t result;
    } reply = {.header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(request->header.msgh_bits), 0),
                          .msgh_remote_port = request->header.msgh_remote_port,
                          .msgh_id = request->header.msgh_id + 100},
               .ndr = NDR_record};

    (void)task_set_special_port(mach_task_self(), TASK_BOOTSTRAP_PORT, request->registration.service_port.name);
    (void)mach_port_deallocate(mach_task_self(), request->registration.service_port.name);
    bootstrap_is_there = true;
    (void)mach_msg(&reply.header, MACH_SEND_MSG, sizeof reply, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

static void serve(request_t *request)
{
    struct unix_thread *thread = thread_of_port(request->header.msgh_local_port);
    struct process *process = process_of_port(request->header.msgh_local_port);

    if (request->header.msgh_id == MACH_ID_mach_exception_raise_state && thread != NULL)
        serve_call(thread, request);
    else if (request->header.msgh_id == MACH_ID_mach_exception_raise_state && process != NULL)
        serve_fault(process, request);
    else if (request->header.msgh_id == MACH_ID_bootstrap_register && request->header.msgh_local_port == own_port &&
             (request->header.msgh_bits & MACH_MSGH_BITS_COMPLEX))
        serve_registration(request);
    else if (!console_typed(&request->header))
        mach_msg_destroy(&request->header);
}

/* Serves one message, or lets those go on whose time has come. */
static void serve_next(void)
{
    static request_t request;
    const int64_t left = wait_expire();
    const mach_msg_option_t option = MACH_RCV_MSG | (left < 0 ? 0 : MACH_RCV_TIMEOUT);

    if (mach_msg(&request.header, option, 0, sizeof request, unix_ports, left < 0 ? 0 : (mach_msg_timeout_t)left,
                 MACH_PORT_NULL) == MACH_MSG_SUCCESS)
        serve(&request);
}

/* ---- the start ------------------------------------------------------------------------------------- */

/* The kernel has left the device master port as the first of those that are registered; no one inherits it. */
static mach_port_t take_master(void)
{
    mach_port_array_t ports;
    mach_msg_type_number_t count;
    mach_port_t master;

    if (mach_ports_lookup(mach_task_self(), &ports, &count) != KERN_SUCCESS)
        return MACH_PORT_NULL;
    master = ports[0];
    (void)vm_deallocate(mach_task_self(), (vm_address_t)ports, count * sizeof *ports);
    (void)mach_ports_register(mach_task_self(), NULL, 0);
    return master;
}

static bool set_up(void)
{
    return mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &unix_ports) == KERN_SUCCESS &&
           mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &own_port) == KERN_SUCCESS &&
           mach_port_insert_right(mach_task_self(), own_port, own_port, MACH_MSG_TYPE_MAKE_SEND) == KERN_SUCCESS &&
           mach_port_move_member(mach_task_self(), own_port, unix_ports) == KERN_SUCCESS &&
           task_set_special_port(mach_task_self(), TASK_BOOTSTRAP_PORT, own_port) == KERN_SUCCESS && console_open(take_master());
}

/* What is started after that finds the bootstrap server. */
static void start_bootstrap(struct archive_file archive)
{
    static const char *const words[] = {BOOTSTRAP_SERVER};
    struct archive_file file;

    if (!archive_find(archive, BOOTSTRAP_SERVER, &file))
        return;
    const struct process *server = process_start(archive, words, 1);

    while (server != NULL && !server->ended && !bootstrap_is_there)
        serve_next();
}

/* Parts a line into words, in place: how many. */
static unsigned split(char *line, const char **words)
{
    unsigned count = 0;

    for (char *at = line; *at != '\0' && count < WORDS_MAX;) {
        while (*at == ' ')
            *at++ = '\0';
        if (*at != '\0')
            words[count++] = at;
        while (*at != '\0' && *at != ' ')
            at++;
    }
    return count;
}

/* The status of the program; 0 if it is not waited for. */
static int run_line(struct archive_file archive, char *line)
{
    const char *words[WORDS_MAX];
    unsigned count = split(line, words);
    const bool waits = count > 0 && strcmp(words[count - 1], "&") != 0;

    if (count == 0 || words[0][0] == '#')
        return 0;
    const struct process *process = process_start(archive, words, waits ? count : count - 1);

    if (process == NULL)
        return 127;
    while (waits && !process->ended)
        serve_next();
    return waits ? process->status : 0;
}

static int run_all(struct archive_file archive, struct archive_file script)
{
    int status = 0;
    char line[256];

    for (uint64_t at = 0; at < script.size;) {
        uint64_t length = 0;

        for (; at < script.size && script.bytes[at] != '\n'; at++)
            if (length < sizeof line - 1)
                line[length++] = (char)script.bytes[at];
        at++;
        line[length] = '\0';
        status = run_line(archive, line);
    }
    return status;
}

_Noreturn void program_main(const void *bytes, size_t size)
{
    const struct archive_file archive = {.bytes = bytes, .size = size};
    struct archive_file script;
    int status = 127;

    if (!set_up())
        mach_print("init: there is no memory, or no console\n");
    else if (!archive_find(archive, "etc/rc", &script))
        mach_print("init: the archive has no file etc/rc, which says what is to be run\n");
    else {
        start_bootstrap(archive);
        status = run_all(archive, script);
    }
    if (status == 0)
        (void)host_reboot(mach_host_self(), HALT);
    mach_print("init: the last program has ended with status ");
    mach_print_number(status);
    mach_print("\n");
    (void)task_terminate(mach_task_self());
    __builtin_trap();
}
