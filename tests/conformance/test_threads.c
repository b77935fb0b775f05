/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_threads.c - tasks and threads that a program makes, stops, looks at and ends, and exceptions: task_create(3),
 * thread_create(3), thread_suspend(3), thread_get_state(3), task_set_exception_ports(3).  For targets whose threads are Mach's.
 */
#include "conformance.h"

#include <mach/exception_types.h>
#include <mach/thread_info.h>
#include <mach/thread_policy.h>
#include <mach/thread_status.h>

#define THREAD_TERMINATE 3600 /* the request's id */

/* ---- helpers --------------------------------------------------------------------------------------- */

/* Threads here call no stub: there is one reply port for the program, which runs beside them. */
_Noreturn static void end_thread(void)
{
    mach_msg_header_t message = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
                                 .msgh_remote_port = mach_thread_self(),
                                 .msgh_id = THREAD_TERMINATE};

    (void)mach_msg(&message, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
    __builtin_trap();
}

static void send_simple(mach_port_t to, int number)
{
    (void)send_number(to, number);
}

static int receive_soon(mach_port_t from)
{
    number_buffer_t buffer;

    if (mach_msg(&buffer.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof buffer, from, 10000, MACH_PORT_NULL) !=
        MACH_MSG_SUCCESS)
        return -1;
    return buffer.number;
}

static void pause_for(mach_msg_timeout_t milliseconds)
{
    number_buffer_t buffer;
    mach_port_t port = new_port();

    (void)mach_msg(&buffer.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof buffer, port, milliseconds, MACH_PORT_NULL);
    destroy(port);
}

_Noreturn static void wait_for_ever(void)
{
    number_buffer_t buffer;
    const mach_port_t port = mach_reply_port();

    for (;;)
        (void)mach_msg(&buffer.header, MACH_RCV_MSG, 0, sizeof buffer, port, 0, MACH_PORT_NULL);
}

static volatile unsigned long counter;

static void count(mach_port_t unused)
{
    (void)unused;
    for (;;)
        counter++;
}

/* Ends a thread of this task, and lets go of its port. */
static void end(mach_port_t thread)
{
    CHECK_SUCCESS(thread_terminate(thread));
    CHECK_SUCCESS(mach_port_deallocate(SELF, thread));
}

/* ---- threads --------------------------------------------------------------------------------------- */

static void say_one(mach_port_t port)
{
    send_simple(port, 1);
    wait_for_ever();
}

static void a_thread_runs_beside_its_maker(void)
{
    mach_port_t port = new_port_with_send(), thread = new_thread(SELF, say_one, port);
    thread_act_array_t threads;
    mach_msg_type_number_t number;

    CHECK_EQUAL(receive_soon(port), 1);
    CHECK_SUCCESS(task_threads(SELF, &threads, &number));
    CHECK_EQUAL(number, 2);
    CHECK_SUCCESS(vm_deallocate(SELF, (vm_address_t)threads, number * sizeof *threads));
    end(thread);
    CHECK_EQUAL(task_threads(SELF, &threads, &number), KERN_SUCCESS);
    CHECK_EQUAL(number, 1);
    destroy(port);
}

static void say_two_and_end(mach_port_t port)
{
    send_simple(port, 2);
    end_thread();
}

static void wait_with(mach_port_t unused)
{
    (void)unused;
    wait_for_ever();
}

static void the_port_of_a_thread_dies_with_it(void)
{
    mach_port_t port = new_port_with_send(), notify = new_port(), thread = new_thread(SELF, wait_with, port);
    natural_t name = 0;

    (void)request(thread, MACH_NOTIFY_DEAD_NAME, 0, notify);
    CHECK_SUCCESS(thread_terminate(thread));
    CHECK_EQUAL(receive_notification(notify, &name), MACH_NOTIFY_DEAD_NAME);
    CHECK_EQUAL(name, thread);
    CHECK_EQUAL(thread_suspend(thread), MACH_SEND_INVALID_DEST);
    destroy(thread);
    destroy(notify);
    destroy(port);
}

static void a_thread_that_is_suspended_does_nothing(void)
{
    mach_port_t thread = new_thread(SELF, count, MACH_PORT_NULL);
    unsigned long before;

    for (before = counter; counter == before;)
        pause_for(1);
    CHECK_SUCCESS(thread_suspend(thread));
    CHECK_SUCCESS(thread_suspend(thread));
    before = counter;
    pause_for(30);
    CHECK_EQUAL(counter, before);
    CHECK_SUCCESS(thread_resume(thread));
    pause_for(30);
    CHECK_EQUAL(counter, before);
    CHECK_SUCCESS(thread_resume(thread));
    while (counter == before)
        pause_for(1);
    CHECK_EQUAL(thread_resume(thread), KERN_FAILURE);
    end(thread);
}

static void a_new_thread_waits_until_it_is_resumed(void)
{
    mach_port_t thread;
    thread_basic_info_data_t info;
    mach_msg_type_number_t size = THREAD_BASIC_INFO_COUNT;

    CHECK_SUCCESS(thread_create(SELF, &thread));
    CHECK_SUCCESS(thread_info(thread, THREAD_BASIC_INFO, (thread_info_t)&info, &size));
    CHECK_EQUAL(info.suspend_count, 1);
    CHECK_EQUAL(info.run_state, TH_STATE_STOPPED);
    CHECK_EQUAL(info.user_time.seconds, 0);
    size = 1;
    CHECK_EQUAL(thread_info(thread, THREAD_BASIC_INFO, (thread_info_t)&info, &size), KERN_INVALID_ARGUMENT);
    end(thread);
}

static void registers_are_read_and_written(void)
{
    x86_thread_state64_t state = {.__rax = 1, .__r15 = 15, .__rip = 0x1000, .__rflags = ~0ull}, got;
    x86_float_state64_t vectors;
    x86_fsgs_base_state64_t bases = {.__fsbase = 0x12345678, .__gsbase = 0x1000};
    mach_msg_type_number_t size = x86_THREAD_STATE64_COUNT, vector_size = x86_FLOAT_STATE64_COUNT,
                           base_size = x86_FSGS_BASE_STATE64_COUNT;
    mach_port_t thread;

    CHECK_SUCCESS(thread_create(SELF, &thread));
    CHECK_SUCCESS(thread_set_state(thread, x86_THREAD_STATE64, (thread_state_t)&state, size));
    CHECK_SUCCESS(thread_get_state(thread, x86_THREAD_STATE64, (thread_state_t)&got, &size));
    CHECK_EQUAL(got.__rax, 1);
    CHECK_EQUAL(got.__r15, 15);
    CHECK_EQUAL(got.__rip, 0x1000);
    CHECK_EQUAL(got.__rflags & 0x3200, 0x200); /* interrupts, and no right to ports */
    CHECK_SUCCESS(thread_get_state(thread, x86_FLOAT_STATE64, (thread_state_t)&vectors, &vector_size));
    CHECK_EQUAL(vectors.__fpu_mxcsr, 0x1f80);
    vectors.__fpu_mxcsr = ~0u;
    CHECK_SUCCESS(thread_set_state(thread, x86_FLOAT_STATE64, (thread_state_t)&vectors, vector_size));
    CHECK_SUCCESS(thread_set_state(thread, x86_FSGS_BASE_STATE64, (thread_state_t)&bases, base_size));
    bases.__fsbase = 0xffff800000000000;
    CHECK_EQUAL(thread_set_state(thread, x86_FSGS_BASE_STATE64, (thread_state_t)&bases, base_size), KERN_INVALID_ARGUMENT);
    state.__rip = 0x0000800000000000;
    CHECK_EQUAL(thread_set_state(thread, x86_THREAD_STATE64, (thread_state_t)&state, size), KERN_INVALID_ARGUMENT);
    CHECK_EQUAL(thread_set_state(thread, x86_THREAD_STATE64, (thread_state_t)&state, size - 1), KERN_INVALID_ARGUMENT);
    CHECK_EQUAL(thread_set_state(thread, 99, (thread_state_t)&state, size), KERN_INVALID_ARGUMENT);
    size = 3;
    CHECK_EQUAL(thread_get_state(thread, x86_THREAD_STATE64, (thread_state_t)&got, &size), KERN_INVALID_ARGUMENT);
    end(thread);
}

/* Each has vector registers of its own, and keeps them while others run. */
static void keep_a_number(mach_port_t port)
{
    double mine = (double)port, seen;

    __asm__ volatile("movsd %0, %%xmm9" : : "m"(mine) : "xmm9");
    for (volatile unsigned long i = 0; i < 20000000; i++)
        ;
    __asm__ volatile("movsd %%xmm9, %0" : "=m"(seen));
    send_simple(port, seen == mine);
    end_thread();
}

static void vector_registers_are_a_threads_own(void)
{
    mach_port_t ports[6];

    for (int i = 0; i < 6; i++) {
        ports[i] = new_port_with_send();
        (void)mach_port_deallocate(SELF, new_thread(SELF, keep_a_number, ports[i]));
    }
    for (int i = 0; i < 6; i++) {
        CHECK_EQUAL(receive_soon(ports[i]), 1);
        destroy(ports[i]);
    }
}

static void receive_until_aborted(mach_port_t port)
{
    number_buffer_t buffer;
    mach_port_t own = mach_reply_port();
    const mach_msg_return_t result =
        mach_msg(&buffer.header, MACH_RCV_MSG | MACH_RCV_INTERRUPT, 0, sizeof buffer, own, 0, MACH_PORT_NULL);

    send_simple(port, result);
    end_thread();
}

static void an_abort_ends_a_wait(void)
{
    mach_port_t port = new_port_with_send(), thread = new_thread(SELF, receive_until_aborted, port);

    pause_for(20);
    CHECK_SUCCESS(thread_abort(thread));
    CHECK_EQUAL(receive_soon(port), MACH_RCV_INTERRUPTED);
    CHECK_SUCCESS(mach_port_deallocate(SELF, thread));
    destroy(port);
}

static void many_threads_come_and_go(void)
{
    mach_port_t port = new_port_with_send();

    set_limit(port, MACH_PORT_QLIMIT_MAX);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 20; i++)
            (void)mach_port_deallocate(SELF, new_thread(SELF, say_two_and_end, port));
        for (int i = 0; i < 20; i++)
            CHECK_EQUAL(receive_soon(port), 2);
    }
    destroy(port);
}

static void importance_is_set_and_told(void)
{
    mach_port_t thread = new_thread(SELF, count, MACH_PORT_NULL), others[6];
    thread_precedence_policy_data_t policy = {.importance = -5};
    mach_msg_type_number_t size = THREAD_PRECEDENCE_POLICY_COUNT;
    boolean_t standard = FALSE;
    unsigned long before;

    CHECK_SUCCESS(thread_policy_set(thread, THREAD_PRECEDENCE_POLICY, (thread_policy_t)&policy, size));
    policy.importance = 0;
    CHECK_SUCCESS(thread_policy_get(thread, THREAD_PRECEDENCE_POLICY, (thread_policy_t)&policy, &size, &standard));
    CHECK_EQUAL(policy.importance, -5);
    CHECK_EQUAL(thread_policy_set(thread, THREAD_PRECEDENCE_POLICY, (thread_policy_t)&policy, 0), KERN_INVALID_ARGUMENT);
    /* Who is more important runs, and so do all of one importance, in turn. */
    for (int i = 0; i < 6; i++) {
        others[i] = new_thread(SELF, count, MACH_PORT_NULL);
        CHECK_SUCCESS(thread_policy_set(others[i], THREAD_PRECEDENCE_POLICY, (thread_policy_t)&policy, 1));
    }
    for (int i = 0; i < 20; i++) {
        for (before = counter; counter == before;)
            pause_for(1);
    }
    for (int i = 0; i < 6; i++)
        end(others[i]);
    CHECK_SUCCESS(thread_policy_set(thread, THREAD_STANDARD_POLICY, NULL, 0));
    end(thread);
}

/* ---- tasks ----------------------------------------------------------------------------------------- */

static int copied_number = 5;

static void change_numbers(mach_port_t port)
{
    CHECK_EQUAL(copied_number, 6);
    copied_number = 7;
    CHECK_SUCCESS(send_number(port, 3));
}

static void a_child_has_a_copy_of_memory(void)
{
    mach_port_t port = new_port();

    copied_number = 6;
    in_second_task(change_numbers, port);
    CHECK_EQUAL(receive_soon(port), 3);
    CHECK_EQUAL(copied_number, 6);
    destroy(port);
}

static void a_child_without_memory_is_empty(void)
{
    mach_port_t task;
    vm_address_t address = 0;
    vm_size_t size;
    vm_region_basic_info_data_64_t info;
    mach_msg_type_number_t size_of_info = VM_REGION_BASIC_INFO_COUNT_64;
    mach_port_t object;

    CHECK_SUCCESS(task_create(SELF, NULL, 0, FALSE, &task));
    CHECK_EQUAL(vm_region_64(task, &address, &size, VM_REGION_BASIC_INFO_64, (vm_region_info_t)&info, &size_of_info, &object),
                KERN_INVALID_ADDRESS);
    CHECK_SUCCESS(task_terminate(task));
    CHECK_EQUAL(task_suspend(task), MACH_SEND_INVALID_DEST);
    destroy(task);
}

static void a_task_is_suspended_with_all_its_threads(void)
{
    mach_port_t task, thread;
    vm_address_t address = (vm_address_t)&counter & ~(vm_address_t)0xfff;
    vm_offset_t copy;
    mach_msg_type_number_t size;
    unsigned long seen[2];

    CHECK_SUCCESS(task_create(SELF, NULL, 0, TRUE, &task));
    CHECK_SUCCESS(task_suspend(task));
    thread = new_thread(task, count, MACH_PORT_NULL);
    for (int i = 0; i < 2; i++) {
        pause_for(20);
        CHECK_SUCCESS(vm_read(task, address, 4096, &copy, &size));
        seen[i] = *(unsigned long *)(copy + ((vm_address_t)&counter & 0xfff));
        CHECK_SUCCESS(vm_deallocate(SELF, copy, size));
    }
    CHECK_EQUAL(seen[0], seen[1]);
    CHECK_SUCCESS(task_resume(task));
    CHECK_EQUAL(task_resume(task), KERN_FAILURE);
    do {
        pause_for(5);
        CHECK_SUCCESS(vm_read(task, address, 4096, &copy, &size));
        seen[1] = *(unsigned long *)(copy + ((vm_address_t)&counter & 0xfff));
        CHECK_SUCCESS(vm_deallocate(SELF, copy, size));
    } while (seen[0] == seen[1]);
    CHECK_SUCCESS(task_terminate(task));
    destroy(thread);
    destroy(task);
}

/* ---- exceptions ------------------------------------------------------------------------------------ */

#pragma pack(push, 4)
typedef struct {
    mach_msg_header_t header;
    mach_msg_body_t body;
    mach_msg_port_descriptor_t thread, task;
    NDR_record_t ndr;
    exception_type_t exception;
    mach_msg_type_number_t code_count;
    int64_t code[2];
    mach_msg_max_trailer_t trailer;
} raise_t;

typedef struct {
    mach_msg_header_t header;
    NDR_record_t ndr;
    exception_type_t exception;
    mach_msg_type_number_t code_count;
    int32_t code[2];
    int flavor;
    mach_msg_type_number_t state_count;
    x86_thread_state64_t state;
    mach_msg_max_trailer_t trailer;
} raise_state_t;

typedef struct {
    mach_msg_header_t header;
    NDR_record_t ndr;
    kern_return_t result;
    int flavor;
    mach_msg_type_number_t state_count;
    x86_thread_state64_t state;
} raise_answer_t;
#pragma pack(pop)

static mach_msg_return_t answer(const mach_msg_header_t *request, kern_return_t result, const x86_thread_state64_t *state)
{
    raise_answer_t message = {.header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(request->msgh_bits), 0),
                                         .msgh_remote_port = request->msgh_remote_port,
                                         .msgh_id = request->msgh_id + 100},
                              .ndr = NDR_record,
                              .result = result,
                              .flavor = x86_THREAD_STATE64};
    mach_msg_size_t size = offsetof(raise_answer_t, flavor);

    if (state != NULL) {
        message.state_count = x86_THREAD_STATE64_COUNT;
        message.state = *state;
        size = sizeof message;
    }
    return mach_msg(&message.header, MACH_SEND_MSG, size, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

static void touch_nothing(mach_port_t unused)
{
    (void)unused;
    volatile int *volatile place = (volatile int *)0x600;

    *place = 1;
    __builtin_trap();
}

static void a_fault_is_told_with_thread_and_task(void)
{
    mach_port_t port = new_port_with_send(), task, thread;
    raise_t message;

    CHECK_SUCCESS(task_create(SELF, NULL, 0, TRUE, &task));
    CHECK_SUCCESS(task_set_exception_ports(task, EXC_MASK_BAD_ACCESS, port, EXCEPTION_DEFAULT | (int)MACH_EXCEPTION_CODES,
                                           THREAD_STATE_NONE));
    thread = new_thread(task, touch_nothing, MACH_PORT_NULL);
    CHECK_SUCCESS(mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message, port, 5000, MACH_PORT_NULL));
    CHECK_EQUAL(message.header.msgh_id, 2405);
    CHECK_EQUAL(message.exception, EXC_BAD_ACCESS);
    CHECK_EQUAL(message.code[0], KERN_INVALID_ADDRESS);
    CHECK_EQUAL(message.code[1], 0x600);
    CHECK_EQUAL(message.thread.name, thread);
    CHECK_EQUAL(message.task.name, task);
    CHECK_SUCCESS(task_terminate(task));
    (void)answer(&message.header, KERN_SUCCESS, NULL);
    destroy(thread);
    destroy(task);
    destroy(port);
}

static void who_answers_no_has_the_next_asked_and_then_the_task_ends(void)
{
    mach_port_t first = new_port_with_send(), then = new_port_with_send(), notify = new_port(), task, thread;
    raise_t message;
    natural_t name = 0;

    CHECK_SUCCESS(task_create(SELF, NULL, 0, TRUE, &task));
    (void)request(task, MACH_NOTIFY_DEAD_NAME, 0, notify);
    CHECK_SUCCESS(task_suspend(task));
    thread = new_thread(task, touch_nothing, MACH_PORT_NULL);
    CHECK_SUCCESS(thread_set_exception_ports(thread, EXC_MASK_BAD_ACCESS, first, EXCEPTION_DEFAULT, THREAD_STATE_NONE));
    CHECK_SUCCESS(task_set_exception_ports(task, EXC_MASK_BAD_ACCESS, then, EXCEPTION_DEFAULT, THREAD_STATE_NONE));
    CHECK_SUCCESS(task_resume(task));
    CHECK_SUCCESS(mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message, first, 5000, MACH_PORT_NULL));
    CHECK_EQUAL(message.header.msgh_id, 2401);
    CHECK_SUCCESS(answer(&message.header, KERN_FAILURE, NULL));
    CHECK_SUCCESS(mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message, then, 5000, MACH_PORT_NULL));
    CHECK_SUCCESS(mach_port_deallocate(SELF, message.header.msgh_remote_port)); /* no answer is a no */
    CHECK_EQUAL(receive_notification(notify, &name), MACH_NOTIFY_DEAD_NAME);
    CHECK_EQUAL(name, task);
    destroy(task);
    destroy(thread);
    destroy(notify);
    destroy(first);
    destroy(then);
}

static void call_an_unknown_system(mach_port_t port)
{
    uint64_t result;

    __asm__ volatile("syscall" : "=a"(result) : "a"(400), "D"(41) : "rcx", "r11", "memory");
    send_simple(port, (int)result);
    end_thread();
}

/* What another system's programs call is an exception: whoever has the port is that system. */
static void a_foreign_system_call_is_answered_by_whoever_catches_it(void)
{
    mach_port_t port = new_port_with_send(), result = new_port_with_send(), thread;
    raise_state_t message;

    CHECK_SUCCESS(task_set_exception_ports(SELF, EXC_MASK_SYSCALL, port, EXCEPTION_STATE, x86_THREAD_STATE64));
    thread = new_thread(SELF, call_an_unknown_system, result);
    CHECK_SUCCESS(mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message, port, 5000, MACH_PORT_NULL));
    CHECK_EQUAL(message.header.msgh_id, 2402);
    CHECK_EQUAL(message.exception, EXC_SYSCALL);
    CHECK_EQUAL(message.code[0], 400);
    CHECK_EQUAL(message.state_count, x86_THREAD_STATE64_COUNT);
    CHECK_EQUAL(message.state.__rdi, 41);
    message.state.__rax = message.state.__rdi + 1;
    CHECK_SUCCESS(answer(&message.header, KERN_SUCCESS, &message.state));
    CHECK_EQUAL(receive_soon(result), 42);
    CHECK_SUCCESS(task_set_exception_ports(SELF, EXC_MASK_SYSCALL, MACH_PORT_NULL, EXCEPTION_DEFAULT, THREAD_STATE_NONE));
    (void)mach_port_deallocate(SELF, thread);
    thread = new_thread(SELF, call_an_unknown_system, result);
    CHECK_EQUAL(receive_soon(result), -38); /* no one does: Linux's ENOSYS */
    (void)mach_port_deallocate(SELF, thread);
    destroy(result);
    destroy(port);
}

static void exception_ports_are_told_and_inherited(void)
{
    mach_port_t port = new_port_with_send(), other = new_port_with_send(), task;
    exception_mask_t masks[EXC_TYPES_COUNT];
    mach_port_t handlers[EXC_TYPES_COUNT];
    exception_behavior_t behaviors[EXC_TYPES_COUNT];
    thread_state_flavor_t flavors[EXC_TYPES_COUNT];
    mach_msg_type_number_t number = EXC_TYPES_COUNT;

    CHECK_EQUAL(task_set_exception_ports(SELF, 1u << 30, port, EXCEPTION_DEFAULT, THREAD_STATE_NONE), KERN_INVALID_ARGUMENT);
    CHECK_EQUAL(task_set_exception_ports(SELF, EXC_MASK_SYSCALL, port, 77, THREAD_STATE_NONE), KERN_INVALID_ARGUMENT);
    CHECK_SUCCESS(task_set_exception_ports(SELF, EXC_MASK_BREAKPOINT | EXC_MASK_SOFTWARE, port, EXCEPTION_DEFAULT,
                                           THREAD_STATE_NONE));
    CHECK_SUCCESS(task_swap_exception_ports(SELF, EXC_MASK_SOFTWARE, other, EXCEPTION_STATE, x86_THREAD_STATE64, masks, &number,
                                            handlers, behaviors, flavors));
    CHECK_EQUAL(number, 1);
    CHECK_EQUAL(masks[0], EXC_MASK_SOFTWARE);
    CHECK_EQUAL(handlers[0], port);
    CHECK_SUCCESS(mach_port_deallocate(SELF, port));
    CHECK_SUCCESS(task_create(SELF, NULL, 0, FALSE, &task));
    number = EXC_TYPES_COUNT;
    CHECK_SUCCESS(task_get_exception_ports(task, EXC_MASK_ALL, masks, &number, handlers, behaviors, flavors));
    CHECK_EQUAL(number, 2);
    for (mach_msg_type_number_t i = 0; i < number; i++) {
        CHECK_EQUAL(handlers[i], masks[i] == EXC_MASK_SOFTWARE ? other : port);
        CHECK_EQUAL(behaviors[i], masks[i] == EXC_MASK_SOFTWARE ? EXCEPTION_STATE : EXCEPTION_DEFAULT);
        CHECK_SUCCESS(mach_port_deallocate(SELF, handlers[i]));
    }
    CHECK_SUCCESS(task_terminate(task));
    CHECK_SUCCESS(task_set_exception_ports(SELF, EXC_MASK_ALL, MACH_PORT_NULL, EXCEPTION_DEFAULT, THREAD_STATE_NONE));
    CHECK_EQUAL(refs_of(port, MACH_PORT_RIGHT_SEND), 1);
    destroy(task);
    destroy(port);
    destroy(other);
}

const struct conformance_test conformance_tests[] = {
    {"a thread runs beside its maker", a_thread_runs_beside_its_maker},
    {"the port of a thread dies with it", the_port_of_a_thread_dies_with_it},
    {"a thread that is suspended does nothing", a_thread_that_is_suspended_does_nothing},
    {"a new thread waits until it is resumed", a_new_thread_waits_until_it_is_resumed},
    {"registers are read and written", registers_are_read_and_written},
    {"vector registers are a thread's own", vector_registers_are_a_threads_own},
    {"importance is set and told", importance_is_set_and_told},
    {"an abort ends a wait", an_abort_ends_a_wait},
    {"many threads come and go", many_threads_come_and_go},
    {"a child has a copy of memory", a_child_has_a_copy_of_memory},
    {"a child without memory is empty", a_child_without_memory_is_empty},
    {"a task is suspended with all its threads", a_task_is_suspended_with_all_its_threads},
    {"a fault is told with thread and task", a_fault_is_told_with_thread_and_task},
    {"who answers no has the next asked, and then the task ends", who_answers_no_has_the_next_asked_and_then_the_task_ends},
    {"a foreign system call is answered by whoever catches it", a_foreign_system_call_is_answered_by_whoever_catches_it},
    {"exception ports are told and inherited", exception_ports_are_told_and_inherited},
    {NULL, NULL},
};
