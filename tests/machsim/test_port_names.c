/* SPDX-License-Identifier: BSD-2-Clause */
/* test_port_names.c - names, user references and generations: mach_port(3). */
#include "harness.h"

START_TEST(a_new_receive_right_has_one_reference_and_no_send_rights)
{
    const mach_port_name_t name = receive_right();

    ck_assert_uint_eq(type_of(name), MACH_PORT_TYPE_RECEIVE);
    ck_assert_uint_eq(urefs(name, MACH_PORT_RIGHT_RECEIVE), 1);
    ck_assert_uint_eq(urefs(name, MACH_PORT_RIGHT_SEND), 0);
    ck_assert_uint_eq(status_of(name).mps_srights, FALSE);
    ck_assert_uint_eq(status_of(name).mps_qlimit, MACH_PORT_QLIMIT_DEFAULT);
    ck_assert_uint_eq(name & 3, 3);
}
END_TEST

START_TEST(a_stale_name_is_not_taken_for_a_new_one)
{
    const mach_port_name_t name = receive_right();

    ck_assert_int_eq(mach_port_destroy(self(), name), KERN_SUCCESS);
    for (int i = 0; i < 200; i++)
        ck_assert_uint_ne(receive_right(), name);
    ck_assert_int_eq(mach_port_deallocate(self(), name), KERN_INVALID_NAME);
}
END_TEST

START_TEST(send_references_are_counted_and_overflow_is_an_error)
{
    const mach_port_name_t name = send_receive_right();

    ck_assert_int_eq(mach_port_mod_refs(self(), name, MACH_PORT_RIGHT_SEND, 0xfffe), KERN_SUCCESS);
    ck_assert_uint_eq(urefs(name, MACH_PORT_RIGHT_SEND), 0xffff);
    ck_assert_int_eq(mach_port_mod_refs(self(), name, MACH_PORT_RIGHT_SEND, 1), KERN_UREFS_OVERFLOW);
    ck_assert_int_eq(mach_port_insert_right(self(), name, name, MACH_MSG_TYPE_MAKE_SEND), KERN_UREFS_OVERFLOW);
    ck_assert_int_eq(mach_port_mod_refs(self(), name, MACH_PORT_RIGHT_SEND, -0x10000), KERN_INVALID_VALUE);
    ck_assert_int_eq(mach_port_mod_refs(self(), name, MACH_PORT_RIGHT_SEND, -0xffff), KERN_SUCCESS);
    ck_assert_uint_eq(type_of(name), MACH_PORT_TYPE_RECEIVE);
}
END_TEST

START_TEST(a_hundred_thousand_ports)
{
    static mach_port_name_t names[100000];

    for (int i = 0; i < 100000; i++)
        names[i] = receive_right();
    for (int i = 0; i < 100000; i++)
        ck_assert_int_eq(mach_port_mod_refs(self(), names[i], MACH_PORT_RIGHT_RECEIVE, -1), KERN_SUCCESS);
}
END_TEST

static void make_and_move_ports(void)
{
    mach_port_name_t name = MACH_PORT_NULL, set = MACH_PORT_NULL;

    if (current == NULL)
        return;
    (void)mach_port_allocate(self(), MACH_PORT_RIGHT_RECEIVE, &name);
    (void)mach_port_allocate(self(), MACH_PORT_RIGHT_PORT_SET, &set);
    (void)mach_port_insert_right(self(), name, name, MACH_MSG_TYPE_MAKE_SEND);
    (void)mach_port_insert_member(self(), name, set);
    (void)mach_port_rename(self(), name, 0x70001);
    (void)mach_port_destroy(self(), set);
}

START_TEST(shortage_of_memory_is_reported_and_leaks_nothing)
{
    sweep_allocations(make_and_move_ports);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("port names");

    add_test(suite, a_new_receive_right_has_one_reference_and_no_send_rights, harness_start, harness_stop, 10);
    add_test(suite, a_stale_name_is_not_taken_for_a_new_one, harness_start, harness_stop, 10);
    add_test(suite, send_references_are_counted_and_overflow_is_an_error, harness_start, harness_stop, 10);
    add_test(suite, a_hundred_thousand_ports, harness_start, harness_stop, 60);
    add_test(suite, shortage_of_memory_is_reported_and_leaks_nothing, NULL, NULL, 60);
    return run_suite(suite);
}
