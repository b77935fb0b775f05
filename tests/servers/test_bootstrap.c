/* SPDX-License-Identifier: BSD-2-Clause */
/* test_bootstrap.c - the bootstrap server and the name server: bootstrap(3), netname(3). */
#include "../suite.h"

#include <mach/mach.h>
#include <servers/bootstrap.h>
#include <servers/netname.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A name of this test's alone. */
static char *unique(const char *what)
{
    static name_t name;

    snprintf(name, sizeof name, "org.test.%s.%d", what, getpid());
    return name;
}

static mach_port_t new_port(void)
{
    mach_port_t port = MACH_PORT_NULL;

    ck_assert_int_eq(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port), KERN_SUCCESS);
    ck_assert_int_eq(mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND), KERN_SUCCESS);
    return port;
}

/* Looks up until the result is as expected: deaths are told asynchronously. */
static kern_return_t look_up_until(char *name, kern_return_t expected)
{
    kern_return_t result = KERN_FAILURE;
    mach_port_t port;

    for (int i = 0; i < 300; i++) {
        result = bootstrap_look_up(bootstrap_port, name, &port);
        if (result == expected)
            break;
        usleep(10000);
    }
    return result;
}

START_TEST(a_registered_port_is_looked_up_until_it_dies)
{
    mach_port_t port = new_port(), found;
    char *name = unique("register");

    ck_assert_int_eq(bootstrap_look_up(bootstrap_port, name, &found), BOOTSTRAP_UNKNOWN_SERVICE);
    ck_assert_int_eq(bootstrap_register(bootstrap_port, name, port), BOOTSTRAP_SUCCESS);
    ck_assert_int_eq(bootstrap_register(bootstrap_port, name, port), BOOTSTRAP_SERVICE_ACTIVE);
    ck_assert_int_eq(bootstrap_look_up(bootstrap_port, name, &found), BOOTSTRAP_SUCCESS);
    ck_assert_uint_eq(found, port);
    ck_assert_int_eq(mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1), KERN_SUCCESS);
    ck_assert_int_eq(look_up_until(name, BOOTSTRAP_UNKNOWN_SERVICE), BOOTSTRAP_UNKNOWN_SERVICE);
}
END_TEST

START_TEST(a_server_that_checks_in_is_active_until_it_dies)
{
    char *name = unique("check_in");
    bootstrap_status_t status;
    int ends[2];
    char byte;

    ck_assert_int_eq(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        mach_port_t port;

        (void)!write(ends[1], bootstrap_check_in(bootstrap_port, name, &port) == BOOTSTRAP_SUCCESS ? "y" : "n", 1);
        pause();
    }
    ck_assert_int_eq((int)read(ends[0], &byte, 1), 1);
    ck_assert_int_eq(byte, 'y');
    ck_assert_int_eq(bootstrap_status(bootstrap_port, name, &status), BOOTSTRAP_SUCCESS);
    ck_assert_int_eq(status, BOOTSTRAP_STATUS_ACTIVE);
    mach_port_t port;
    ck_assert_int_eq(bootstrap_check_in(bootstrap_port, name, &port), BOOTSTRAP_SERVICE_ACTIVE);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    ck_assert_int_eq(look_up_until(name, BOOTSTRAP_UNKNOWN_SERVICE), BOOTSTRAP_UNKNOWN_SERVICE);
}
END_TEST

START_TEST(a_created_service_outlives_its_server)
{
    char *name = unique("create");
    mach_port_t service, port;
    bootstrap_status_t status = BOOTSTRAP_STATUS_ACTIVE;

    ck_assert_int_eq(bootstrap_create_service(bootstrap_port, name, &service), BOOTSTRAP_SUCCESS);
    ck_assert_int_eq(bootstrap_create_service(bootstrap_port, name, &service), BOOTSTRAP_NAME_IN_USE);
    ck_assert_int_eq(bootstrap_status(bootstrap_port, name, &status), BOOTSTRAP_SUCCESS);
    ck_assert_int_eq(status, BOOTSTRAP_STATUS_INACTIVE);
    ck_assert_int_eq(bootstrap_check_in(bootstrap_port, name, &port), BOOTSTRAP_SUCCESS);
    ck_assert_uint_eq(port, service);
    ck_assert_int_eq(mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1), KERN_SUCCESS);
    for (int i = 0; i < 300 && status != BOOTSTRAP_STATUS_INACTIVE; i++) {
        usleep(10000);
        ck_assert_int_eq(bootstrap_status(bootstrap_port, name, &status), BOOTSTRAP_SUCCESS);
    }
    ck_assert_int_eq(status, BOOTSTRAP_STATUS_INACTIVE);
}
END_TEST

START_TEST(a_subset_sees_its_parents_names_and_ends_with_its_requestor)
{
    mach_port_t requestor = new_port(), port = new_port(), subset, parent, found;
    char outer[128], inner[128];
    natural_t dead = 0;

    strcpy(outer, unique("outer"));
    strcpy(inner, unique("inner"));
    ck_assert_int_eq(bootstrap_register(bootstrap_port, outer, port), BOOTSTRAP_SUCCESS);
    ck_assert_int_eq(bootstrap_subset(bootstrap_port, requestor, &subset), BOOTSTRAP_SUCCESS);
    ck_assert_int_eq(bootstrap_register(subset, inner, port), BOOTSTRAP_SUCCESS);
    ck_assert_int_eq(bootstrap_look_up(subset, outer, &found), BOOTSTRAP_SUCCESS);
    ck_assert_int_eq(bootstrap_look_up(subset, inner, &found), BOOTSTRAP_SUCCESS);
    ck_assert_int_eq(bootstrap_look_up(bootstrap_port, inner, &found), BOOTSTRAP_UNKNOWN_SERVICE);
    ck_assert_int_eq(bootstrap_parent(subset, &parent), BOOTSTRAP_SUCCESS);
    ck_assert_uint_eq(parent, bootstrap_port);
    ck_assert_int_eq(mach_port_mod_refs(mach_task_self(), requestor, MACH_PORT_RIGHT_RECEIVE, -1), KERN_SUCCESS);
    for (int i = 0; i < 300 && dead == 0; i++) {
        mach_port_type_t type;

        ck_assert_int_eq(mach_port_type(mach_task_self(), subset, &type), KERN_SUCCESS);
        dead = type & MACH_PORT_TYPE_DEAD_NAME;
        usleep(10000);
    }
    ck_assert_uint_eq(dead, MACH_PORT_TYPE_DEAD_NAME);
}
END_TEST

START_TEST(an_unprivileged_port_only_looks_up)
{
    mach_port_t port = new_port(), unprivileged, found;
    char *name = unique("unprivileged");

    ck_assert_int_eq(bootstrap_register(bootstrap_port, name, port), BOOTSTRAP_SUCCESS);
    ck_assert_int_eq(bootstrap_unprivileged(bootstrap_port, &unprivileged), BOOTSTRAP_SUCCESS);
    ck_assert_int_eq(bootstrap_look_up(unprivileged, name, &found), BOOTSTRAP_SUCCESS);
    ck_assert_int_eq(bootstrap_check_in(unprivileged, unique("other"), &found), BOOTSTRAP_NOT_PRIVILEGED);
}
END_TEST

START_TEST(services_are_listed)
{
    name_array_t names, servers;
    bool_array_t active;
    mach_msg_type_number_t names_count, servers_count, active_count;
    bool found = false;

    ck_assert_int_eq(bootstrap_info(bootstrap_port, &names, &names_count, &servers, &servers_count, &active, &active_count),
                     BOOTSTRAP_SUCCESS);
    ck_assert_uint_eq(names_count, active_count);
    for (mach_msg_type_number_t i = 0; i < names_count; i++)
        found |= strcmp(names[i], "NetMsgServer") == 0;
    ck_assert(found);
    ck_assert_str_eq(bootstrap_strerror(BOOTSTRAP_UNKNOWN_SERVICE), "no such service (bootstrap)");
}
END_TEST

START_TEST(the_name_server_keeps_names_for_those_who_sign)
{
    mach_port_t server, port = new_port(), signature = new_port(), found;
    netname_name_t name, version;

    strcpy(name, unique("netname"));
    ck_assert_int_eq(bootstrap_look_up(bootstrap_port, "NetMsgServer", &server), BOOTSTRAP_SUCCESS);
    ck_assert_int_eq(netname_look_up(server, "", name, &found), NETNAME_NOT_CHECKED_IN);
    ck_assert_int_eq(netname_check_in(server, name, signature, port), NETNAME_SUCCESS);
    ck_assert_int_eq(netname_look_up(server, "", name, &found), NETNAME_SUCCESS);
    ck_assert_uint_eq(found, port);
    ck_assert_int_eq(netname_look_up(server, "no.such.host.anywhere", name, &found), NETNAME_NO_SUCH_HOST);
    ck_assert_int_eq(netname_check_out(server, name, port), NETNAME_NOT_YOURS);
    ck_assert_int_eq(netname_check_out(server, name, signature), NETNAME_SUCCESS);
    ck_assert_int_eq(netname_check_out(server, name, signature), NETNAME_NOT_CHECKED_IN);
    ck_assert_int_eq(netname_version(server, version), NETNAME_SUCCESS);
}
END_TEST

/* ---- servers that are started ---------------------------------------------------------------------- */

typedef struct {
    mach_msg_header_t header;
    int number;
    mach_msg_max_trailer_t trailer;
} number_message_t;
#define NUMBER_SIZE ((mach_msg_size_t)offsetof(number_message_t, trailer))

enum { WHO_ARE_YOU = 1, LEAVE, FORGET_AND_LEAVE };

/* The program: answers each message with its process's number. */
static int answer(char *name)
{
    mach_port_t port;

    if (bootstrap_check_in(bootstrap_port, name, &port) != BOOTSTRAP_SUCCESS)
        return 1;
    for (;;) {
        number_message_t message;

        memset(&message, 0, sizeof message);
        if (mach_msg(&message.header, MACH_RCV_MSG, 0, sizeof message, port, 0, MACH_PORT_NULL) != MACH_MSG_SUCCESS)
            return 2;
        const int what = message.number;

        if (what == FORGET_AND_LEAVE && bootstrap_register(bootstrap_port, name, MACH_PORT_NULL) != BOOTSTRAP_SUCCESS)
            return 3;
        message.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0);
        message.header.msgh_local_port = MACH_PORT_NULL;
        message.number = getpid();
        (void)mach_msg(&message.header, MACH_SEND_MSG, NUMBER_SIZE, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
        if (what != WHO_ARE_YOU)
            return 0;
    }
}

/* What the server of a name answers.  Who dies with the question unanswered is asked again. */
static int ask(char *name, int what)
{
    mach_port_t service, reply = mig_get_reply_port();
    number_message_t message;

    ck_assert_int_eq(bootstrap_look_up(bootstrap_port, name, &service), BOOTSTRAP_SUCCESS);
    do {
        memset(&message, 0, sizeof message);
        message.header = (mach_msg_header_t){
            .msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE),
            .msgh_remote_port = service,
            .msgh_local_port = reply,
        };
        message.number = what;
        ck_assert_int_eq(mach_msg(&message.header, MACH_SEND_MSG | MACH_RCV_MSG | MACH_RCV_TIMEOUT, NUMBER_SIZE,
                                  sizeof message, reply, 20000, MACH_PORT_NULL), MACH_MSG_SUCCESS);
    } while (message.header.msgh_id == MACH_NOTIFY_SEND_ONCE);
    return message.number;
}

/* Has this program started to serve a name. */
static void declare_server(char *name, boolean_t on_demand)
{
    char path[300], command[512];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    mach_port_t server, service, port;
    bootstrap_status_t status;

    path[length] = '\0';
    snprintf(command, sizeof command, "%s --answer %s", path, name);
    ck_assert_int_eq(bootstrap_create_server(bootstrap_port, command, getuid() + 1, on_demand, &server),
                     getuid() == 0 ? BOOTSTRAP_SUCCESS : BOOTSTRAP_NOT_PRIVILEGED);
    ck_assert_int_eq(bootstrap_create_server(bootstrap_port, command, getuid(), on_demand, &server), BOOTSTRAP_SUCCESS);
    ck_assert_int_eq(bootstrap_create_service(server, name, &service), BOOTSTRAP_SUCCESS);
    ck_assert_int_eq(bootstrap_check_in(bootstrap_port, name, &port), BOOTSTRAP_NOT_PRIVILEGED);
    ck_assert_int_eq(bootstrap_status(bootstrap_port, name, &status), BOOTSTRAP_SUCCESS);
    ck_assert_int_eq(status, BOOTSTRAP_STATUS_INACTIVE);
    ck_assert_int_eq(mach_port_deallocate(mach_task_self(), server), KERN_SUCCESS);
}

START_TEST(a_server_on_demand_is_started_by_a_message_and_again_by_the_next)
{
    char *name = unique("demand");

    declare_server(name, TRUE);
    const int first = ask(name, WHO_ARE_YOU);

    ck_assert_int_ne(first, getpid());
    ck_assert_int_eq(ask(name, LEAVE), first);
    const int second = ask(name, WHO_ARE_YOU);

    ck_assert_int_ne(second, first);
    ck_assert_int_eq(ask(name, FORGET_AND_LEAVE), second);
    ck_assert_int_eq(look_up_until(name, BOOTSTRAP_UNKNOWN_SERVICE), BOOTSTRAP_UNKNOWN_SERVICE);
}
END_TEST

START_TEST(a_server_that_is_killed_is_started_again)
{
    char *name = unique("restart");
    bootstrap_status_t status = BOOTSTRAP_STATUS_INACTIVE;

    declare_server(name, FALSE);
    for (int i = 0; i < 1000 && status != BOOTSTRAP_STATUS_ACTIVE; i++) {
        usleep(10000);
        ck_assert_int_eq(bootstrap_status(bootstrap_port, name, &status), BOOTSTRAP_SUCCESS);
    }
    ck_assert_int_eq(status, BOOTSTRAP_STATUS_ACTIVE);
    const int first = ask(name, WHO_ARE_YOU);

    kill(first, SIGKILL);
    const int second = ask(name, WHO_ARE_YOU);

    ck_assert_int_ne(second, first);
    ck_assert_int_eq(ask(name, FORGET_AND_LEAVE), second);
}
END_TEST

START_TEST(a_notification_that_a_client_makes_up_changes_nothing)
{
    char *name = unique("spoof");
    mach_port_t port = new_port(), found;

    ck_assert_int_eq(bootstrap_register(bootstrap_port, name, port), BOOTSTRAP_SUCCESS);
    for (mach_port_name_t guess = 0; guess < 64; guess++) {
        mach_dead_name_notification_t lie;

        memset(&lie, 0, sizeof lie);
        lie.not_header = (mach_msg_header_t){.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
                                             .msgh_remote_port = bootstrap_port,
                                             .msgh_id = MACH_NOTIFY_DEAD_NAME};
        lie.NDR = NDR_record;
        lie.not_port = guess << 8 | 3;
        ck_assert_int_eq(mach_msg(&lie.not_header, MACH_SEND_MSG, offsetof(mach_dead_name_notification_t, trailer), 0,
                                  MACH_PORT_NULL, 0, MACH_PORT_NULL), MACH_MSG_SUCCESS);
    }
    ck_assert_int_eq(bootstrap_look_up(bootstrap_port, name, &found), BOOTSTRAP_SUCCESS);
    ck_assert_int_eq(bootstrap_look_up(bootstrap_port, "NetMsgServer", &found), BOOTSTRAP_SUCCESS);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "--answer") == 0)
        return answer(argv[2]);
    Suite *suite = suite_create("bootstrap");
    const TTest *const tests[] = {
        a_registered_port_is_looked_up_until_it_dies,
        a_server_that_checks_in_is_active_until_it_dies,
        a_created_service_outlives_its_server,
        a_subset_sees_its_parents_names_and_ends_with_its_requestor,
        an_unprivileged_port_only_looks_up,
        services_are_listed,
        the_name_server_keeps_names_for_those_who_sign,
        a_server_on_demand_is_started_by_a_message_and_again_by_the_next,
        a_server_that_is_killed_is_started_again,
        a_notification_that_a_client_makes_up_changes_nothing,
    };

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        add_test(suite, tests[i], NULL, NULL, 30);
    return run_suite(suite);
}
