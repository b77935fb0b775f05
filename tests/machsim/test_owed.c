/* SPDX-License-Identifier: BSD-2-Clause */
/* test_owed.c - send-once notifications that there is no memory for come when there is. */
#include "harness.h"

/* A send-once right of the current task's for one of its ports. */
static mach_port_name_t send_once_right(mach_port_name_t port)
{
    mach_port_name_t name;
    mach_msg_type_name_t type;

    ck_assert_int_eq(mach_port_extract_right(self(), port, MACH_MSG_TYPE_MAKE_SEND_ONCE, &name, &type), KERN_SUCCESS);
    return name;
}

/* Lets go of a right by a trap, which takes no memory but for the notification. */
static void let_go_without_memory(mach_port_name_t name)
{
    const uint64_t arguments[TRAP_MAX_ARGUMENTS] = {self(), name, MACH_PORT_RIGHT_SEND_ONCE, (uint64_t)-1};

    sim_fail_allocation(1);
    sim_trap(current, TRAP_PORT_MOD_REFS, arguments);
    ck_assert_uint_eq(current->result, KERN_SUCCESS);
    ck_assert(sim_failed());
    sim_fail_allocation(0);
}

START_TEST(a_right_let_go_of_without_memory_tells_so_later)
{
    const mach_port_name_t port = receive_right();
    natural_t value;

    let_go_without_memory(send_once_right(port));
    ck_assert_int_eq(receive_notification(port, &value), 0);
    ck_assert_uint_eq(status_of(port).mps_sorights, 1);
    sim_pass(20000000);
    ck_assert_int_eq(receive_notification(port, &value), MACH_NOTIFY_SEND_ONCE);
    ck_assert_uint_eq(status_of(port).mps_sorights, 0);
}
END_TEST

START_TEST(what_is_owed_is_told_for_each_right_and_port)
{
    const mach_port_name_t one = receive_right(), other = receive_right();
    const mach_port_name_t rights[] = {send_once_right(one), send_once_right(one), send_once_right(other)};
    natural_t value;

    for (int i = 0; i < 3; i++)
        let_go_without_memory(rights[i]);
    sim_fail_allocation(1); /* the first try finds none either */
    sim_pass(15000000);
    ck_assert(sim_failed());
    ck_assert_int_eq(receive_notification(one, &value), 0);
    sim_pass(15000000);
    ck_assert_int_eq(receive_notification(one, &value), MACH_NOTIFY_SEND_ONCE);
    ck_assert_int_eq(receive_notification(one, &value), MACH_NOTIFY_SEND_ONCE);
    ck_assert_int_eq(receive_notification(one, &value), 0);
    ck_assert_int_eq(receive_notification(other, &value), MACH_NOTIFY_SEND_ONCE);
}
END_TEST

START_TEST(a_dead_port_is_owed_nothing)
{
    const mach_port_name_t port = receive_right();

    let_go_without_memory(send_once_right(port));
    ck_assert_int_eq(mach_port_destruct(self(), port, 0, 0), KERN_SUCCESS);
    sim_pass(20000000);
}
END_TEST

START_TEST(a_machine_may_stop_while_it_owes)
{
    let_go_without_memory(send_once_right(receive_right()));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("owed");
    const TTest *const tests[] = {
        a_right_let_go_of_without_memory_tells_so_later,
        what_is_owed_is_told_for_each_right_and_port,
        a_dead_port_is_owed_nothing,
        a_machine_may_stop_while_it_owes,
    };

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        add_test(suite, tests[i], harness_start, harness_stop, 20);
    return run_suite(suite);
}
