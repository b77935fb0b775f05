/* SPDX-License-Identifier: BSD-2-Clause */
/* test_libmach.c - functions of libmach that are no calls of the kernel's: errors, rights with types, older names. */
#include "../suite.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mach/mach.h>
#include <mach/mach_time.h>
#include <mach/port_descriptions.h>
#include <servers/bootstrap_defs.h>
#include <string.h>

START_TEST(errors_have_words)
{
    static const int known[] = {KERN_SUCCESS,         KERN_INVALID_NAME,       KERN_NOT_FOUND,      MIG_TYPE_ERROR,
                                MIG_TRAILER_ERROR,    MACH_SEND_INVALID_DEST,  MACH_SEND_TIMED_OUT, MACH_RCV_TIMED_OUT,
                                MACH_RCV_PORT_DIED,   MACH_RCV_INVALID_ARGUMENTS, BOOTSTRAP_NAME_IN_USE,
                                MACH_RCV_BODY_ERROR | MACH_MSG_VM_SPACE};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(mach_error_string(known[i]), mach_error_string(known[j]));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        ck_assert_str_ne(mach_error_string(known[i]), "unknown error code");
    ck_assert_str_eq(mach_error_string(0x3fffff), "unknown error code");
    ck_assert_str_eq(mach_error_string(-1), "unknown error code");
    ck_assert_str_eq(mach_error_type(KERN_INVALID_NAME), "(os/kern)");
    ck_assert_str_eq(mach_error_type(MACH_SEND_INVALID_DEST), "(ipc/send)");
    ck_assert_str_eq(mach_error_type(MACH_RCV_TIMED_OUT), "(ipc/rcv)");
    ck_assert_str_eq(mach_error_type(MIG_BAD_ID), "(ipc/mig)");
    ck_assert_str_eq(mach_error_type(BOOTSTRAP_NAME_IN_USE), "(server/bootstrap)");
}
END_TEST

START_TEST(every_kernel_error_is_known)
{
    for (int error = 0; error <= KERN_NOT_FOUND; error++)
        ck_assert_str_ne(mach_error_string(error), "unknown error code");
}
END_TEST

START_TEST(rights_with_types)
{
    mach_right_send_t send, kept;
    mach_right_recv_t right = mach_right_recv_construct(MACH_RIGHT_RECV_FLAG_INIT, &send, 99);

    ck_assert_uint_eq(send.mrs_name, right.mrr_name);
    kept = mach_right_send_retain(send);
    mach_right_send_release(kept);
    mach_right_send_once_t once = mach_right_send_once_create(right);
    mach_right_send_once_consume(once);
    kept = mach_right_send_create(right);
    mach_right_recv_destruct(right, &send, 99);
    /* One reference is left, to a dead name now. */
    ck_assert_uint_eq(mach_right_send_retain(kept).mrs_name, MACH_PORT_DEAD);
    mach_right_send_release(kept);
    ck_assert_int_eq(mach_port_deallocate(mach_task_self(), kept.mrs_name), KERN_INVALID_NAME);
}
END_TEST

START_TEST(special_ports_have_words_and_numbers)
{
    ck_assert_str_eq(mach_task_special_port_description(TASK_BOOTSTRAP_PORT), "bootstrap port");
    ck_assert_int_eq(mach_task_special_port_for_id("TASK_BOOTSTRAP_PORT"), TASK_BOOTSTRAP_PORT);
    ck_assert_int_eq(mach_host_special_port_for_id("HOST_PRIV_PORT"), 2);
    ck_assert_str_eq(mach_host_special_port_description(1), "host port");
    ck_assert_int_eq(mach_thread_special_port_for_id("THREAD_KERNEL_PORT"), THREAD_KERNEL_PORT);
    ck_assert_str_eq(mach_thread_special_port_description(THREAD_READ_PORT), "thread read port");
    ck_assert_int_eq(mach_thread_special_port_for_id("nothing"), -1);
    ck_assert_ptr_null(mach_task_special_port_description(77));
}
END_TEST

START_TEST(a_reply_is_prepared)
{
    const mach_msg_header_t request = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, MACH_MSG_TYPE_PORT_SEND),
                                       .msgh_remote_port = 0x1203,
                                       .msgh_id = 400};
    mig_reply_error_t reply;

    mig_reply_setup(&request, &reply.Head);
    ck_assert_int_eq(reply.Head.msgh_id, 500);
    ck_assert_uint_eq(reply.Head.msgh_remote_port, 0x1203);
    ck_assert_uint_eq(reply.Head.msgh_bits, MACH_MSG_TYPE_MOVE_SEND_ONCE);
    ck_assert_int_eq(reply.RetCode, MIG_BAD_ID);
}
END_TEST

START_TEST(a_send_and_a_receive_by_themselves)
{
    mach_port_t port;
    mach_msg_empty_t message;

    ck_assert_int_eq(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port), KERN_SUCCESS);
    memset(&message, 0, sizeof message);
    message.send.header = (mach_msg_header_t){.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND, 0),
                                              .msgh_size = sizeof message.send,
                                              .msgh_remote_port = port,
                                              .msgh_id = 3};
    ck_assert_int_eq(mach_msg_send(&message.send.header), MACH_MSG_SUCCESS);
    message.rcv.header = (mach_msg_header_t){.msgh_size = sizeof message.rcv, .msgh_local_port = port};
    ck_assert_int_eq(mach_msg_receive(&message.rcv.header), MACH_MSG_SUCCESS);
    ck_assert_int_eq(message.rcv.header.msgh_id, 3);
}
END_TEST

START_TEST(older_names)
{
    char *type, *subtype;

    ck_assert(mach_task_is_self(mach_task_self()));
    ck_assert_uint_ne(host_self(), MACH_PORT_NULL);
    slot_name(0x1000007, 3, &type, &subtype);
    ck_assert_str_eq(type, "x86_64");
    ck_assert_int_eq(mach_voucher_deallocate(MACH_PORT_NULL), KERN_SUCCESS);
}
END_TEST

START_TEST(time_goes_up_in_nanoseconds)
{
    mach_timebase_info_data_t base = {0, 0};
    uint64_t before = mach_absolute_time(), since_boot = mach_continuous_time();

    ck_assert_int_eq(mach_timebase_info(NULL), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(mach_timebase_info(&base), KERN_SUCCESS);
    usleep(2000);
    ck_assert_uint_ge((mach_absolute_time() - before) * base.numer / base.denom, 2000000);
    ck_assert_uint_ge((mach_continuous_time() - since_boot) * base.numer / base.denom, 2000000);
}
END_TEST

START_TEST(strings_are_cut_and_ended)
{
    char field[8] = "xxxxxxx";

    ck_assert_int_eq(mig_strncpy(field, "abc", sizeof field), 4);
    ck_assert_str_eq(field, "abc");
    ck_assert_int_eq(field[4], 'x');
    ck_assert_int_eq(mig_strncpy_zerofill(field, "ab", sizeof field), 3);
    ck_assert_int_eq(field[4], 0);
    ck_assert_int_eq(mig_strncpy(field, "abcdefghij", sizeof field), 8);
    ck_assert_str_eq(field, "abcdefg");
    ck_assert_int_eq(mig_strncpy(field, "abc", 0), 0);
}
END_TEST

/* How a function ends a process of its own. */
static int status_of(void (*function)(void))
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        function();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

static void panic_now(void)
{
    panic("of %d", 1);
}

START_TEST(a_panic_ends_the_program)
{
    const int status = status_of(panic_now);

    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGABRT);
}
END_TEST

/* Writes to a full device: that fails if it writes. */
static void tell_an_error(void)
{
    if (freopen("/dev/full", "w", stderr) == NULL)
        _exit(1);
    setvbuf(stderr, NULL, _IONBF, 0);
    mach_error("words", KERN_INVALID_NAME);
    _exit(ferror(stderr) ? 0 : 2);
}

START_TEST(an_error_is_told)
{
    ck_assert_int_eq(status_of(tell_an_error), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("libmach");
    const TTest *const tests[] = {
        errors_have_words, every_kernel_error_is_known, rights_with_types, special_ports_have_words_and_numbers,
        a_reply_is_prepared, a_send_and_a_receive_by_themselves, older_names,
        time_goes_up_in_nanoseconds, strings_are_cut_and_ended, an_error_is_told, a_panic_ends_the_program,
    };

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        add_test(suite, tests[i], NULL, NULL, 30);
    return run_suite(suite);
}
