/* SPDX-License-Identifier: BSD-2-Clause */
/* test_names.c - names, kinds of rights, user references: mach_port(3). */
#include "conformance.h"

static void a_new_receive_right_has_one_reference_and_default_limits(void)
{
    mach_port_t port = new_port();

    CHECK_EQUAL(type_of(port), MACH_PORT_TYPE_RECEIVE);
    CHECK_EQUAL(refs_of(port, MACH_PORT_RIGHT_RECEIVE), 1);
    CHECK_EQUAL(refs_of(port, MACH_PORT_RIGHT_SEND), 0);
    CHECK_EQUAL(status_of(port).mps_qlimit, MACH_PORT_QLIMIT_DEFAULT);
    CHECK_EQUAL(status_of(port).mps_mscount, 0);
    CHECK_EQUAL(status_of(port).mps_srights, FALSE);
    CHECK_EQUAL(port & 3, 3);
    destroy(port);
    CHECK_EQUAL(type_of(port), MACH_PORT_TYPE_NONE);
}

static void only_receive_rights_sets_and_dead_names_can_be_allocated(void)
{
    mach_port_t name;

    CHECK_SUCCESS(mach_port_allocate(SELF, MACH_PORT_RIGHT_DEAD_NAME, &name));
    CHECK_EQUAL(type_of(name), MACH_PORT_TYPE_DEAD_NAME);
    CHECK_EQUAL(refs_of(name, MACH_PORT_RIGHT_DEAD_NAME), 1);
    CHECK_SUCCESS(mach_port_deallocate(SELF, name));
    CHECK_EQUAL(mach_port_allocate(SELF, MACH_PORT_RIGHT_SEND, &name), KERN_INVALID_VALUE);
    CHECK_EQUAL(mach_port_allocate(SELF, MACH_PORT_RIGHT_SEND_ONCE, &name), KERN_INVALID_VALUE);
    CHECK_EQUAL(mach_port_allocate(SELF, 77, &name), KERN_INVALID_VALUE);
}

static void a_name_can_be_chosen_if_it_is_free(void)
{
    CHECK_SUCCESS(mach_port_allocate_name(SELF, MACH_PORT_RIGHT_RECEIVE, 0x123403));
    CHECK_EQUAL(type_of(0x123403), MACH_PORT_TYPE_RECEIVE);
    CHECK_EQUAL(mach_port_allocate_name(SELF, MACH_PORT_RIGHT_RECEIVE, 0x123403), KERN_NAME_EXISTS);
    CHECK_EQUAL(mach_port_allocate_name(SELF, MACH_PORT_RIGHT_RECEIVE, MACH_PORT_NULL), KERN_INVALID_VALUE);
    CHECK_EQUAL(mach_port_allocate_name(SELF, MACH_PORT_RIGHT_RECEIVE, MACH_PORT_DEAD), KERN_INVALID_VALUE);
    destroy(0x123403);
}

#define MANY 200

/* Allocates many ports: each has a name of its own, and none that is used otherwise. */
static void allocate_many(mach_port_t *ports, mach_port_t used)
{
    for (int i = 0; i < MANY; i++) {
        CHECK_SUCCESS(mach_port_allocate(SELF, MACH_PORT_RIGHT_RECEIVE, &ports[i]));
        CHECK(ports[i] != used);
        for (int j = 0; j < i; j++)
            CHECK(MACH_PORT_INDEX(ports[i]) != MACH_PORT_INDEX(ports[j]));
    }
}

static void destroy_many(const mach_port_t *ports)
{
    for (int i = 0; i < MANY; i++)
        destroy(ports[i]);
}

/* A name near those that come next: some may be taken. */
static mach_port_t choose_near(mach_port_t port, uint32_t distance)
{
    mach_port_t name = MACH_PORT_MAKE(MACH_PORT_INDEX(port) + distance, 3u << 24);

    while (mach_port_allocate_name(SELF, MACH_PORT_RIGHT_RECEIVE, name) == KERN_NAME_EXISTS)
        name = MACH_PORT_MAKE(MACH_PORT_INDEX(name) + 1, 3u << 24);
    CHECK_EQUAL(type_of(name), MACH_PORT_TYPE_RECEIVE);
    return name;
}

static void chosen_names_and_others_do_not_meet(void)
{
    static mach_port_t first[MANY], second[MANY];
    const mach_port_t port = new_port_with_send(), kept = choose_near(port, 5), dropped = choose_near(port, 9);

    destroy(dropped);
    allocate_many(first, kept);
    allocate_many(second, kept);
    for (int i = 0; i < MANY; i++)
        for (int j = 0; j < MANY; j++)
            CHECK(first[i] != second[j]);
    CHECK_EQUAL(type_of(kept), MACH_PORT_TYPE_RECEIVE);
    destroy_many(first);
    allocate_many(first, kept);
    destroy_many(first);
    destroy_many(second);
    destroy(kept);
    destroy(port);
}

static void a_renamed_right_keeps_its_messages_and_its_references(void)
{
    mach_port_t port = new_port_with_send();

    CHECK_SUCCESS(send_number(port, 5));
    CHECK_SUCCESS(mach_port_rename(SELF, port, 0x5555503));
    CHECK_EQUAL(type_of(port), MACH_PORT_TYPE_NONE);
    CHECK_EQUAL(type_of(0x5555503), MACH_PORT_TYPE_SEND_RECEIVE);
    CHECK_SUCCESS(send_number(0x5555503, 6));
    CHECK_EQUAL(receive_number(0x5555503), 5);
    CHECK_EQUAL(receive_number(0x5555503), 6);
    CHECK_EQUAL(mach_port_rename(SELF, 0x5555503, 0x5555503), KERN_NAME_EXISTS);
    CHECK_EQUAL(mach_port_rename(SELF, 0x5555503, MACH_PORT_DEAD), KERN_INVALID_VALUE);
    CHECK_EQUAL(mach_port_rename(SELF, port, 0x6666603), KERN_INVALID_NAME);
    destroy(0x5555503);
}

static void a_stale_name_is_an_error(void)
{
    mach_port_t port = new_port();

    destroy(port);
    for (int i = 0; i < 100; i++) {
        mach_port_t other = new_port();

        CHECK(other != port);
        destroy(other);
    }
    CHECK_EQUAL(mach_port_deallocate(SELF, port), KERN_INVALID_NAME);
    CHECK_EQUAL(mach_port_destroy(SELF, port), KERN_INVALID_NAME);
}

static void send_references_are_counted(void)
{
    mach_port_t port = new_port_with_send();

    CHECK_SUCCESS(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND, 0xfffe));
    CHECK_EQUAL(refs_of(port, MACH_PORT_RIGHT_SEND), 0xffff);
    CHECK_EQUAL(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND, 1), KERN_UREFS_OVERFLOW);
    CHECK_EQUAL(mach_port_insert_right(SELF, port, port, MACH_MSG_TYPE_MAKE_SEND), KERN_UREFS_OVERFLOW);
    CHECK_EQUAL(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND, -0x10000), KERN_INVALID_VALUE);
    CHECK_SUCCESS(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND, -0xfffe));
    CHECK_SUCCESS(mach_port_deallocate(SELF, port));
    CHECK_EQUAL(type_of(port), MACH_PORT_TYPE_RECEIVE);
    CHECK_EQUAL(mach_port_deallocate(SELF, port), KERN_INVALID_RIGHT);
    CHECK_EQUAL(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND, 1), KERN_INVALID_RIGHT);
    CHECK_EQUAL(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, 1), KERN_INVALID_VALUE);
    CHECK_EQUAL(mach_port_mod_refs(SELF, port, 99, -1), KERN_INVALID_VALUE);
    CHECK_SUCCESS(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1));
}

static void null_and_dead_names_can_be_let_go_of(void)
{
    CHECK_SUCCESS(mach_port_deallocate(SELF, MACH_PORT_NULL));
    CHECK_SUCCESS(mach_port_deallocate(SELF, MACH_PORT_DEAD));
    CHECK_EQUAL(mach_port_deallocate(SELF, 0x9999903), KERN_INVALID_NAME);
}

static void all_names_are_listed_with_their_types(void)
{
    mach_port_name_array_t names;
    mach_port_type_array_t types;
    mach_msg_type_number_t count, types_count;
    mach_port_t port = new_port_with_send(), set = new_set();
    int found = 0;

    CHECK_SUCCESS(mach_port_names(SELF, &names, &count, &types, &types_count));
    CHECK_EQUAL(count, types_count);
    for (mach_msg_type_number_t i = 0; i < count; i++)
        if ((names[i] == port && types[i] == MACH_PORT_TYPE_SEND_RECEIVE) ||
            (names[i] == set && types[i] == MACH_PORT_TYPE_PORT_SET))
            found++;
    CHECK_EQUAL(found, 2);
    CHECK_SUCCESS(vm_deallocate(SELF, (vm_address_t)names, count * sizeof *names));
    CHECK_SUCCESS(vm_deallocate(SELF, (vm_address_t)types, count * sizeof *types));
    destroy(port);
    destroy(set);
}

static void a_dead_ports_send_right_becomes_a_dead_name(void)
{
    mach_port_t port = new_port_with_send();

    CHECK_SUCCESS(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND, 2));
    CHECK_SUCCESS(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK_EQUAL(type_of(port), MACH_PORT_TYPE_DEAD_NAME);
    CHECK_EQUAL(refs_of(port, MACH_PORT_RIGHT_DEAD_NAME), 3);
    CHECK_EQUAL(refs_of(port, MACH_PORT_RIGHT_SEND), 0);
    CHECK_EQUAL(mach_port_insert_right(SELF, port, port, MACH_MSG_TYPE_COPY_SEND), KERN_INVALID_CAPABILITY);
    CHECK_SUCCESS(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_DEAD_NAME, -3));
    CHECK_EQUAL(type_of(port), MACH_PORT_TYPE_NONE);
}

static void rights_are_extracted_and_inserted_under_other_names(void)
{
    mach_port_t port = new_port(), once;
    mach_msg_type_name_t type;

    CHECK_SUCCESS(mach_port_extract_right(SELF, port, MACH_MSG_TYPE_MAKE_SEND_ONCE, &once, &type));
    CHECK_EQUAL(type, MACH_MSG_TYPE_PORT_SEND_ONCE);
    CHECK_EQUAL(type_of(once), MACH_PORT_TYPE_SEND_ONCE);
    CHECK_EQUAL(status_of(port).mps_sorights, 1);
    CHECK_SUCCESS(mach_port_insert_right(SELF, 0x4444403, once, MACH_MSG_TYPE_MOVE_SEND_ONCE));
    CHECK_EQUAL(type_of(0x4444403), MACH_PORT_TYPE_SEND_ONCE);
    CHECK_EQUAL(type_of(once), MACH_PORT_TYPE_NONE);
    CHECK_EQUAL(mach_port_insert_right(SELF, 0x4444503, port, MACH_MSG_TYPE_MAKE_SEND), KERN_RIGHT_EXISTS);
    CHECK_EQUAL(mach_port_insert_right(SELF, 0x4444403, port, MACH_MSG_TYPE_MAKE_SEND_ONCE), KERN_NAME_EXISTS);
    CHECK_EQUAL(mach_port_extract_right(SELF, port, MACH_MSG_TYPE_MOVE_SEND, &once, &type), KERN_INVALID_RIGHT);
    CHECK_EQUAL(mach_port_extract_right(SELF, port, 3, &once, &type), KERN_INVALID_VALUE);
    CHECK_SUCCESS(mach_port_deallocate(SELF, 0x4444403));
    natural_t value;
    CHECK_EQUAL(receive_notification(port, &value), MACH_NOTIFY_SEND_ONCE);
    destroy(port);
}

static void a_space_tells_how_it_is(void)
{
    ipc_info_space_basic_t before, after;
    ipc_info_space_t info;
    ipc_info_name_array_t table;
    ipc_info_tree_name_array_t tree;
    mach_msg_type_number_t table_count, tree_count;

    CHECK_SUCCESS(mach_port_space_basic_info(SELF, &before));
    mach_port_t port = new_port();
    CHECK_SUCCESS(mach_port_space_basic_info(SELF, &after));
    CHECK_EQUAL(after.iisb_table_inuse, before.iisb_table_inuse + 1);
    CHECK_SUCCESS(mach_port_space_info(SELF, &info, &table, &table_count, &tree, &tree_count));
    CHECK_EQUAL(table_count, after.iisb_table_inuse);
    bool found = false;
    for (mach_msg_type_number_t i = 0; i < table_count; i++)
        found |= table[i].iin_name == port && table[i].iin_type == MACH_PORT_TYPE_RECEIVE;
    CHECK(found);
    CHECK_SUCCESS(vm_deallocate(SELF, (vm_address_t)table, table_count * sizeof *table));
    CHECK_SUCCESS(task_set_port_space(SELF, 500));
    destroy(port);
}

static void kernel_objects_tell_what_they_are(void)
{
    natural_t type;
    mach_vm_address_t address;
    kobject_description_t words;
    mach_port_t port = new_port();

    CHECK_SUCCESS(mach_port_kobject(SELF, SELF, &type, &address));
    CHECK_EQUAL(type, 2);
    CHECK_SUCCESS(mach_port_kobject_description(SELF, SELF, &type, &address, words));
    CHECK(strcmp(words, "TASK_CONTROL") == 0);
    CHECK_SUCCESS(mach_port_kobject(SELF, port, &type, &address));
    CHECK_EQUAL(type, 0);
    destroy(port);
}

static void calls_on_what_is_no_task_are_refused(void)
{
    mach_port_t port, host = mach_host_self();

    CHECK_EQUAL(mach_port_allocate(host, MACH_PORT_RIGHT_RECEIVE, &port), KERN_INVALID_TASK);
    CHECK_SUCCESS(mach_port_deallocate(SELF, host));
}

const struct conformance_test conformance_tests[] = {
    {"a new receive right has one reference and default limits", a_new_receive_right_has_one_reference_and_default_limits},
    {"only receive rights, sets and dead names can be allocated", only_receive_rights_sets_and_dead_names_can_be_allocated},
    {"a name can be chosen if it is free", a_name_can_be_chosen_if_it_is_free},
    {"chosen names and others do not meet", chosen_names_and_others_do_not_meet},
    {"a renamed right keeps its messages and its references", a_renamed_right_keeps_its_messages_and_its_references},
    {"a stale name is an error", a_stale_name_is_an_error},
    {"send references are counted", send_references_are_counted},
    {"null and dead names can be let go of", null_and_dead_names_can_be_let_go_of},
    {"all names are listed with their types", all_names_are_listed_with_their_types},
    {"a dead port's send right becomes a dead name", a_dead_ports_send_right_becomes_a_dead_name},
    {"rights are extracted and inserted under other names", rights_are_extracted_and_inserted_under_other_names},
    {"a space tells how it is", a_space_tells_how_it_is},
    {"kernel objects tell what they are", kernel_objects_tell_what_they_are},
    {"calls on what is no task are refused", calls_on_what_is_no_task_are_refused},
    {NULL, NULL},
};
