/* SPDX-License-Identifier: BSD-2-Clause */
/* test_libmig.c - routines called by name, messages taken apart, and descriptions that lie. */
#include "../suite.h"
#include <mach/libmig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "every_impl.h"
#include "every_service.h"
#include "loopback.h"

static mach_port_t server;

void every_error(kern_return_t error);
void every_error(kern_return_t error)
{
    (void)error;
}

void MsgError(kern_return_t error);
void MsgError(kern_return_t error)
{
    (void)error;
}

static void setup(void)
{
    memset(&served, 0, sizeof served);
    loopback_reset(EVERY_TYPED);
    server = loopback_port(every_server, do_every_subsystem.maxsize);
}

static void teardown(void)
{
    ck_assert_uint_eq(loopback_rights(), 2);
    ck_assert_uint_eq(loopback_memory(), 0);
    loopback_reset(EVERY_TYPED);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CALL(name, values) mig_call(every_interface(), (name), server, (values), COUNT(values), MACH_MSG_TIMEOUT_NONE)

START_TEST(numbers_by_name)
{
    int8_t a = -1, h = 5;
    int16_t b = 300, i = 6;
    int c = -70000, j = 7;
    int64_t d = 1ll << 40, k = 8;
    float e = 1.5f;
    double f = 4.0;
    boolean_t g = TRUE;
    mig_value_t values[] = {
        {.name = "a", .data = &a}, {.name = "b", .data = &b}, {.name = "c", .data = &c}, {.name = "d", .data = &d},
        {.name = "e", .data = &e}, {.name = "f", .data = &f}, {.name = "g", .data = &g}, {.name = "h", .data = &h},
        {.name = "i", .data = &i}, {.name = "j", .data = &j}, {.name = "k", .data = &k}, {.name = "l"},
        {.name = "m"},
    };

    ck_assert_int_eq(CALL("numbers", values), KERN_SUCCESS);
    ck_assert(*(int64_t *)values[11].data == (1ll << 40) - 1 + 300 - 70000);
    ck_assert(*(double *)values[12].data == 6.0);
    ck_assert_int_eq(*(int8_t *)values[7].data, 6);
    ck_assert_int_eq(h, 5);
    mig_values_free(values, COUNT(values));
}
END_TEST

START_TEST(arrays_and_strings_by_name)
{
    int64_t c[5] = {1, -2, 3};
    int g[6] = {9, 8}, b = 4;
    four_t h = {1, 2, 3, 4};
    point_t f = {1, 2, "zz", 3};
    mig_value_t values[] = {
        {.name = "a", .data = "abc", .count = 3}, {.name = "b", .data = &b},
        {.name = "c", .data = c, .count = 3},     {.name = "d", .data = "a name"},
        {.name = "e", .data = "a text"},          {.name = "f", .data = &f},
        {.name = "g", .data = g, .count = 2},     {.name = "h", .data = h},
        {.name = "i"},                            {.name = "j"},
        {.name = "k"},                            {.name = "l"},
        {.name = "m"},                            {.name = "n"},
        {.name = "o"},                            {.name = "p"},
    };

    ck_assert_int_eq(CALL("mixed", values), KERN_SUCCESS);
    ck_assert_uint_eq(values[8].count, 3);
    ck_assert_mem_eq(values[8].data, "abc", 3);
    ck_assert_uint_eq(values[10].count, 3);
    ck_assert_mem_eq(values[10].data, c, 3 * sizeof *c);
    ck_assert_str_eq(values[11].data, "a name");
    ck_assert_str_eq(values[12].data, "a text");
    ck_assert_mem_eq(values[14].data, g, 2 * sizeof *g);
    ck_assert_mem_eq(values[15].data, h, sizeof h);
    mig_values_free(values, COUNT(values));
}
END_TEST

START_TEST(memory_and_rights_by_name)
{
    vm_address_t a = 0;
    mach_port_t port = loopback_port(NULL, 0);

    ck_assert_int_eq(vm_allocate(mach_task_self(), &a, 8, 1), KERN_SUCCESS);
    mig_value_t memory[] = {{.name = "a", .data = (void *)a, .count = 8}, {.name = "b"}};
    ck_assert_int_eq(CALL("echo_ool", memory), KERN_SUCCESS);
    ck_assert_int_eq(memory[1].owner, MIG_MAPPED);
    ck_assert_uint_eq(memory[1].size, 8);
    mig_values_free(memory, COUNT(memory));
    vm_deallocate(mach_task_self(), a, 8);

    mig_value_t rights[] = {{.name = "a", .data = &port, .disposition = MACH_MSG_TYPE_MAKE_SEND_ONCE}, {.name = "b"}};
    ck_assert_int_eq(CALL("poly", rights), KERN_SUCCESS);
    ck_assert_uint_eq(*(mach_port_t *)rights[1].data, port);
    ck_assert_uint_eq(rights[1].disposition, MACH_MSG_TYPE_PORT_SEND_ONCE);
    mig_values_free(rights, COUNT(rights));
    mach_port_deallocate(mach_task_self(), port);
    mach_port_deallocate(mach_task_self(), port);
    mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1);
}
END_TEST

START_TEST(results_that_nobody_wants_are_let_go_of)
{
    mach_port_t port = loopback_port(NULL, 0), ports[3] = {port, port, port};
    vm_address_t a = 0;

    ck_assert_int_eq(vm_allocate(mach_task_self(), &a, 8, 1), KERN_SUCCESS);
    mig_value_t memory[] = {{.name = "a", .data = (void *)a, .count = 8}};
    ck_assert_int_eq(CALL("echo_ool", memory), KERN_SUCCESS);
    vm_deallocate(mach_task_self(), a, 8);
    mig_value_t rights[] = {{.name = "a", .data = ports, .count = 3}};
    ck_assert_int_eq(CALL("port_array", rights), KERN_SUCCESS);
    for (int i = 0; i < 3; i++) /* what the server got */
        mach_port_deallocate(mach_task_self(), port);
    ck_assert_uint_eq(loopback_rights(), 4);
    ck_assert_int_eq(vm_allocate(mach_task_self(), &a, 12, 1), KERN_SUCCESS);
    memcpy((void *)a, ports, 12);
    mig_value_t outside[] = {{.name = "a", .data = (void *)a, .count = 3}};
    ck_assert_int_eq(CALL("ool_ports", outside), KERN_SUCCESS);
    vm_deallocate(mach_task_self(), a, 12);
    mach_port_deallocate(mach_task_self(), port);
    mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1);
}
END_TEST

START_TEST(wrong_calls_are_refused)
{
    int a = 1;
    char *long_text = calloc(1, 100);
    mig_value_t missing[] = {{.name = "a", .data = &a}};
    mig_value_t unknown[] = {{.name = "a", .data = &a}, {.name = "b", .data = &a}, {.name = "zz", .data = &a}};
    mig_value_t empty[] = {{.name = "a"}, {.name = "b", .data = &a}};
    mig_value_t many[] = {{.name = "a", .data = long_text, .count = 11}};

    memset(long_text, 'x', 99);
    mig_value_t strings[] = {{.name = "a", .data = long_text}, {.name = "b", .data = ""}, {.name = "c", .data = ""},
                             {.name = "d", .data = ""}};
    ck_assert_int_eq(CALL("no_such_routine", missing), KERN_INVALID_NAME);
    ck_assert_int_eq(CALL("add", missing), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(CALL("add", unknown), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(CALL("add", empty), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(CALL("echo_bytes", many), MIG_ARRAY_TOO_LARGE);
    ck_assert_int_eq(CALL("strings", strings), MIG_ARRAY_TOO_LARGE);
    ck_assert_uint_eq(loopback_messages(), 0);
    mig_value_t good[] = {{.name = "a", .data = &a}, {.name = "b", .data = &a}};
    ck_assert_int_eq(mig_call(every_interface(), "add", 0xffff03, good, 2, 0), MACH_SEND_INVALID_DEST);
    free(long_text);
}
END_TEST

START_TEST(one_way_and_late_and_dead)
{
    int a = 9;
    mig_value_t shout[] = {{.name = "a", .data = &a}};
    mach_port_t dead = loopback_port(NULL, 0);

    ck_assert_int_eq(CALL("shout", shout), KERN_SUCCESS);
    ck_assert_int_eq(served.number, 9);
    ck_assert_int_eq(CALL("later", shout), MIG_SERVER_DIED);
    mig_value_t none[1] = {{.name = "a"}};
    ck_assert_int_eq(mig_call(every_interface(), "timed", dead, none, 1, 10), MACH_RCV_TIMED_OUT);
    loopback_kill(dead);
    mach_port_deallocate(mach_task_self(), dead);
}
END_TEST

/* ---- taking apart ----------------------------------------------------------------------------------- */

struct seen {
    char text[512];
    kern_return_t result;
};

static void see(const mig_field_t *field, void *context)
{
    struct seen *seen = context;
    size_t used = strlen(seen->text);

    if (field->size == 1)
        snprintf(seen->text + used, sizeof seen->text - used, "%s=%.*s ", field->name, (int)field->count,
                 (const char *)field->data);
    else if (field->is_port)
        snprintf(seen->text + used, sizeof seen->text - used, "%s:%u*%u ", field->name, field->count,
                 field->disposition);
    else
        snprintf(seen->text + used, sizeof seen->text - used, "%s[%u]=%d ", field->name, field->count,
                 field->count > 0 ? *(const int *)field->data : 0);
}

struct traced {
    struct seen request, reply;
};

static mach_msg_header_t *trace(mach_msg_header_t *message, mach_msg_size_t size, bool reply, void *context)
{
    struct traced *traced = context;
    struct seen *seen = reply ? &traced->reply : &traced->request;
    mach_msg_header_t *copy = malloc(size);

    memcpy(copy, message, size);
    copy->msgh_size = size;
    memset(seen, 0, sizeof *seen);
    seen->result = mig_decode(every_interface(), copy, see, seen);
    free(copy);
    return message;
}

START_TEST(messages_are_shown_argument_by_argument)
{
    struct traced traced;
    int a[3] = {7, 8, 9}, b[6];
    mach_msg_type_number_t count = 6;
    mach_port_t wrong = 0;

    loopback_on_send(trace, &traced);
    ck_assert_int_eq(echo_ints(server, a, 3, b, &count), KERN_SUCCESS);
    ck_assert_int_eq(traced.request.result, KERN_SUCCESS);
    ck_assert_str_eq(traced.request.text, "a[3]=7 ");
    ck_assert_str_eq(traced.reply.text, "b[3]=7 ");
    ck_assert_int_eq(note(server, 5, "hello", NULL, 0), KERN_SUCCESS);
    ck_assert_str_eq(traced.request.text, "a[1]=5 b=hello c= ");
    ck_assert_int_eq(fail_with(server, KERN_NO_ACCESS, wrong, NULL, 0), KERN_NO_ACCESS);
    ck_assert_str_eq(traced.reply.text, "RetCode[1]=8 ");
}
END_TEST

START_TEST(messages_that_are_wrong_are_not_shown)
{
    struct seen seen = {{0}, 0};
    struct {
        mach_msg_header_t head;
        char rest[64];
    } message = {.head = {.msgh_size = 24, .msgh_id = 1}};
    boolean_t is_reply;

    ck_assert_int_eq(mig_decode(every_interface(), &message.head, see, &seen), MIG_BAD_ID);
    message.head.msgh_id = 9000;
    ck_assert_int_eq(mig_decode(every_interface(), &message.head, see, &seen), MIG_BAD_ARGUMENTS);
    ck_assert_str_eq(mig_interface_routine(every_interface(), 9100, &is_reply), "numbers");
    ck_assert(is_reply);
    ck_assert_str_eq(mig_interface_name(every_interface()), "every");
}
END_TEST

/* ---- descriptions ----------------------------------------------------------------------------------- */

static char *read_description(size_t *length)
{
    const char *folder = getenv("DESCRIPTIONS");
    char path[4096];

    snprintf(path, sizeof path, "%s/every.json", folder != NULL ? folder : EVERY_TYPED ? "gen/typed" : "gen");
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    char *text = malloc(1 << 22);
    *length = fread(text, 1, 1 << 22, file);
    fclose(file);
    return text;
}

START_TEST(descriptions_that_are_none_say_why)
{
    static const struct {
        const char *json, *error;
    } cases[] = {
        {"", "line 1: '[' or '{' expected near end of file"},
        {"[]", "'mig' is missing, or no number"},
        {"{\"mig\": 2}", "'mig' is out of range: 2"},
        {"{\"mig\": 1}", "'subsystem' is missing"},
        {"{\"mig\": 1, \"subsystem\": \"x\", \"base\": -1}", "'base' is out of range: -1"},
        {"{\"mig\": 1, \"subsystem\": \"x\", \"base\": 1}", "'routines' is missing, or no list"},
        {"{\"mig\": 1, \"subsystem\": \"x\", \"base\": 1, \"routines\": [{}]}", "a routine is of no known kind"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        mig_interface_t interface = NULL;
        char error[256] = "";
        ck_assert_int_eq(mig_interface_read(cases[i].json, strlen(cases[i].json), &interface, error, sizeof error),
                         KERN_INVALID_ARGUMENT);
        ck_assert_str_eq(error, cases[i].error);
        ck_assert_ptr_null(interface);
    }
    mig_interface_t interface;
    ck_assert_int_eq(mig_interface_open("/no/such/file", &interface, NULL, 0), KERN_FAILURE);
}
END_TEST

/* A call and a decode with an interface that somebody tampered with must stay inside their memory. */
static void use_interface(mig_interface_t interface)
{
    static const int zeros[64];
    mig_value_t values[] = {
        {.name = "a", .data = (void *)zeros, .count = 1}, {.name = "b", .data = (void *)zeros, .count = 1},
        {.name = "c", .data = (void *)zeros, .count = 1}, {.name = "d", .data = (void *)zeros, .count = 1},
    };
    struct {
        mach_msg_header_t head;
        char rest[1000];
    } message = {.head = {.msgh_size = sizeof message}};
    struct seen seen = {{0}, 0};
    mig_service_t service;
    const mig_function_t function = {"add", (void (*)(void))do_add};

    mig_call(interface, "add", 0xffff03, values, 2, 0);
    mig_call(interface, "strings", 0xffff03, values, 4, 0);
    mig_call(interface, "echo_ints", 0xffff03, values, 1, 0);
    for (int id = 9000; id < 9060; id++) {
        message.head.msgh_id = id;
        for (unsigned size = 24; size < 900; size += 44) {
            message.head.msgh_size = size;
            message.head.msgh_bits = size % 8 == 0 ? MACH_MSGH_BITS_COMPLEX : 0;
            mig_decode(interface, &message.head, see, &seen);
        }
    }
    if (mig_service_create(interface, &function, 1, &service) == KERN_SUCCESS)
        mig_service_free(service);
}

/* ROUNDS says how often; fewer where every instruction is looked at. */
static int rounds(void)
{
    const char *text = getenv("ROUNDS");

    return text != NULL ? atoi(text) : 400;
}

START_TEST(descriptions_that_lie_harm_nobody)
{
    size_t length;
    char *text = read_description(&length);
    unsigned seed = 4711, taken = 0;

    for (int i = 0; i < rounds(); i++) {
        char *copy = malloc(length);
        memcpy(copy, text, length);
        /* Numbers, mostly: sizes, offsets and counts are what could be used without being looked at. */
        for (int change = 0; change < 3; change++) {
            size_t at = (size_t)rand_r(&seed) % length;
            while (at < length && (copy[at] < '0' || copy[at] > '9'))
                at++;
            if (at < length)
                copy[at] = (char)('0' + rand_r(&seed) % 10);
        }
        mig_interface_t interface = NULL;
        char error[128];
        if (mig_interface_read(copy, i % 50 == 0 ? length / 2 : length, &interface, error, sizeof error) ==
            KERN_SUCCESS) {
            use_interface(interface);
            mig_interface_free(interface);
            taken++;
        }
        free(copy);
    }
    ck_assert_uint_gt(taken, 0);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create(EVERY_TYPED ? "libmig, typed" : "libmig, untyped");
    const TTest *const tests[] = {
        numbers_by_name,
        arrays_and_strings_by_name,
        memory_and_rights_by_name,
        results_that_nobody_wants_are_let_go_of,
        wrong_calls_are_refused,
        one_way_and_late_and_dead,
        messages_are_shown_argument_by_argument,
        messages_that_are_wrong_are_not_shown,
        descriptions_that_are_none_say_why,
        descriptions_that_lie_harm_nobody,
    };

    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        add_test(suite, tests[i], setup, teardown, 120);
    return run_suite(suite);
}
