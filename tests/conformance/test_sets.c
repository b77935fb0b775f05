/* SPDX-License-Identifier: BSD-2-Clause */
/* test_sets.c - port sets: mach_port_insert_member(3) and its like. */
#include "conformance.h"

static void a_set_receives_from_its_members_in_turns(void)
{
    mach_port_t set = new_set(), one = new_port_with_send(), other = new_port_with_send();

    CHECK_SUCCESS(mach_port_insert_member(SELF, one, set));
    CHECK_SUCCESS(mach_port_insert_member(SELF, other, set));
    CHECK_SUCCESS(send_number(one, 1));
    CHECK_SUCCESS(send_number(one, 2));
    CHECK_SUCCESS(send_number(other, 3));
    CHECK_EQUAL(receive_number(set), 1);
    CHECK_EQUAL(receive_number(set), 3);
    CHECK_EQUAL(receive_number(set), 2);
    CHECK_EQUAL(receive_number(set), -1);
    destroy(one);
    destroy(other);
    destroy(set);
}

static void a_port_may_be_in_several_sets(void)
{
    mach_port_t first = new_set(), second = new_set(), port = new_port_with_send();

    CHECK_SUCCESS(mach_port_insert_member(SELF, port, first));
    CHECK_SUCCESS(mach_port_insert_member(SELF, port, second));
    CHECK_EQUAL(mach_port_insert_member(SELF, port, second), KERN_ALREADY_IN_SET);
    CHECK_EQUAL(status_of(port).mps_pset, 2);
    CHECK_SUCCESS(send_number(port, 1));
    CHECK_SUCCESS(send_number(port, 2));
    CHECK_EQUAL(receive_number(second), 1);
    CHECK_EQUAL(receive_number(first), 2);
    CHECK_EQUAL(receive_number(second), -1);
    CHECK_SUCCESS(mach_port_extract_member(SELF, port, first));
    CHECK_EQUAL(mach_port_extract_member(SELF, port, first), KERN_NOT_IN_SET);
    CHECK_SUCCESS(send_number(port, 3));
    CHECK_EQUAL(receive_number(first), -1);
    CHECK_EQUAL(receive_number(second), 3);
    destroy(first);
    destroy(second);
    destroy(port);
}

static void moving_a_member_takes_it_out_of_all_sets(void)
{
    mach_port_t first = new_set(), second = new_set(), port = new_port();
    mach_port_name_array_t members;
    mach_msg_type_number_t count;

    CHECK_EQUAL(mach_port_move_member(SELF, port, MACH_PORT_NULL), KERN_NOT_IN_SET);
    CHECK_SUCCESS(mach_port_move_member(SELF, port, first));
    CHECK_SUCCESS(mach_port_move_member(SELF, port, second));
    CHECK_SUCCESS(mach_port_get_set_status(SELF, first, &members, &count));
    CHECK_EQUAL(count, 0);
    CHECK_SUCCESS(mach_port_get_set_status(SELF, second, &members, &count));
    CHECK_EQUAL(count, 1);
    CHECK_EQUAL(members[0], port);
    CHECK_SUCCESS(vm_deallocate(SELF, (vm_address_t)members, count * sizeof *members));
    CHECK_SUCCESS(mach_port_move_member(SELF, port, MACH_PORT_NULL));
    CHECK_EQUAL(status_of(port).mps_pset, 0);
    CHECK_EQUAL(mach_port_get_set_status(SELF, port, &members, &count), KERN_INVALID_RIGHT);
    CHECK_EQUAL(mach_port_move_member(SELF, first, second), KERN_INVALID_RIGHT);
    destroy(first);
    destroy(second);
    destroy(port);
}

static void messages_that_wait_come_along_into_a_set(void)
{
    mach_port_t set = new_set(), port = new_port_with_send();

    CHECK_SUCCESS(send_number(port, 4));
    CHECK_SUCCESS(mach_port_insert_member(SELF, port, set));
    CHECK_EQUAL(receive_number(set), 4);
    CHECK_SUCCESS(send_number(port, 5));
    CHECK_EQUAL(receive_number(port), 5);
    CHECK_EQUAL(receive_number(set), -1);
    destroy(set);
    CHECK_EQUAL(type_of(port), MACH_PORT_TYPE_SEND_RECEIVE);
    CHECK_EQUAL(status_of(port).mps_pset, 0);
    destroy(port);
}

static void a_receive_right_that_moves_leaves_its_sets(void)
{
    mach_port_t set = new_set(), port = new_port_with_send(), right;
    mach_msg_type_name_t type;

    CHECK_SUCCESS(mach_port_insert_member(SELF, port, set));
    CHECK_SUCCESS(mach_port_extract_right(SELF, port, MACH_MSG_TYPE_MOVE_RECEIVE, &right, &type));
    CHECK_EQUAL(right, port);
    CHECK_EQUAL(status_of(port).mps_pset, 0);
    destroy(port);
    destroy(set);
}

static void many_members(void)
{
    mach_port_t set = new_set(), ports[200];
    mach_port_name_array_t members;
    mach_msg_type_number_t count;
    int sum = 0;

    for (int i = 0; i < 200; i++) {
        ports[i] = new_port_with_send();
        CHECK_SUCCESS(mach_port_insert_member(SELF, ports[i], set));
        CHECK_SUCCESS(send_number(ports[i], i));
    }
    CHECK_SUCCESS(mach_port_get_set_status(SELF, set, &members, &count));
    CHECK_EQUAL(count, 200);
    CHECK_SUCCESS(vm_deallocate(SELF, (vm_address_t)members, count * sizeof *members));
    for (int number; (number = receive_number(set)) >= 0;)
        sum += number;
    CHECK_EQUAL(sum, 199 * 200 / 2);
    for (int i = 0; i < 200; i++)
        destroy(ports[i]);
    destroy(set);
}

const struct conformance_test conformance_tests[] = {
    {"a set receives from its members in turns", a_set_receives_from_its_members_in_turns},
    {"a port may be in several sets", a_port_may_be_in_several_sets},
    {"moving a member takes it out of all sets", moving_a_member_takes_it_out_of_all_sets},
    {"messages that wait come along into a set", messages_that_wait_come_along_into_a_set},
    {"a receive right that moves leaves its sets", a_receive_right_that_moves_leaves_its_sets},
    {"many members", many_members},
    {NULL, NULL},
};
