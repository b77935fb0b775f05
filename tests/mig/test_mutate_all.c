/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_mutate_all.c - a request to every routine of every interface, with each of its fields wrong in turn.
 *
 * The servers are those that mig made; all their functions refuse (gen/refuse/functions.c), so that whatever
 * a request brings must be gone afterwards.  Requests are built by libmig from the descriptions.
 * test_mutate.c does the same for replies, and knows which error each field must give.
 */
#include "../suite.h"

#include <mach/libmig.h>
#include <stdio.h>
#include <string.h>

#include "../../libmach/mig/description.h"
#include "loopback.h"

#define INTERFACE(name) boolean_t name##_server(mach_msg_header_t *, mach_msg_header_t *);
#include "refuse/interfaces.h"
#undef INTERFACE

static const struct subject {
    const char *name;
    loopback_demux_t demux;
} subjects[] = {
#define INTERFACE(name) {#name, name##_server},
#include "refuse/interfaces.h"
#undef INTERFACE
};

enum { ZEROS = 8192, SPARE = 40, MOST_ARGS = 32, FIRST_WORDS = 80 };

static mach_port_t server, port;
static unsigned tried;

/* ---- a request that is right ------------------------------------------------------------------------ */

struct request {
    mig_value_t values[MOST_ARGS];
    mach_port_t ports[MOST_ARGS][32];
    unsigned count;
};

static void *outside(const struct type *type)
{
    size_t count = type_has_count(type) ? 1 : type->size / element_size(type);
    size_t size = count * element_size(type);
    vm_address_t address = 0;

    ck_assert_int_eq(vm_allocate(mach_task_self(), &address, size, 1), KERN_SUCCESS);
    for (size_t i = 0; type->ports && i < count; i++)
        ((mach_port_t *)address)[i] = port;
    return (void *)address;
}

/* What a polymorphic right is sent as, so that the receiver gets what it wants. */
static mach_msg_type_name_t disposition_for(const struct type *type)
{
    switch (type->received) {
    case MACH_MSG_TYPE_PORT_RECEIVE: return MACH_MSG_TYPE_MOVE_RECEIVE;
    case MACH_MSG_TYPE_PORT_SEND_ONCE: return MACH_MSG_TYPE_MAKE_SEND_ONCE;
    default: return MACH_MSG_TYPE_COPY_SEND;
    }
}

static void fill(struct request *request, const struct routine *routine)
{
    static char zeros[ZEROS * 8];

    request->count = 0;
    for (size_t i = 0; i < routine->arg_count; i++) {
        const struct arg *arg = &routine->args[i];
        mig_value_t *value = &request->values[request->count];
        if (!arg_in(arg))
            continue;
        ck_assert_uint_lt(request->count, MOST_ARGS);
        *value = (mig_value_t){
            .name = arg->name, .data = zeros, .count = 1, .disposition = disposition_for(&arg->type)};
        if (arg->type.out_of_line) {
            value->data = outside(&arg->type);
        } else if (arg->type.ports) {
            for (int n = 0; n < 32; n++)
                request->ports[request->count][n] = port;
            value->data = request->ports[request->count];
        }
        request->count++;
    }
}

static void start(const struct subject *subject)
{
    loopback_reset(false);
    server = loopback_port(subject->demux, 1 << 16);
    port = loopback_port(NULL, 0);
    loopback_add_send(port, SPARE);
}

static kern_return_t ask(const struct subject *subject, mig_interface_t interface, const struct routine *routine,
                         loopback_hook_t hook, void *context)
{
    struct request request;

    start(subject);
    fill(&request, routine);
    loopback_on_send(hook, context);
    return mig_call(interface, routine->name, server, request.values, request.count, MACH_MSG_TIMEOUT_NONE);
}

/* ---- and wrong -------------------------------------------------------------------------------------- */

struct wrong {
    unsigned offset;
    uint32_t flip, add;
    int grow;
    unsigned size; /* of the request as it was */
    size_t memory; /* held when it was sent */
    mach_msg_header_t *copy;
};

static mach_msg_header_t *spoil(mach_msg_header_t *message, mach_msg_size_t size, bool reply, void *context)
{
    struct wrong *wrong = context;
    uint32_t word;

    message->msgh_size = size;
    if (reply)
        return message;
    wrong->size = size;
    wrong->memory = loopback_memory();
    wrong->copy = calloc(1, size + 128);
    memcpy(wrong->copy, message, size);
    wrong->copy->msgh_size = (int)size + wrong->grow > 0 ? size + (unsigned)wrong->grow : 4;
    memcpy(&word, (char *)wrong->copy + wrong->offset, sizeof word);
    word = (word ^ wrong->flip) + wrong->add;
    if (wrong->flip != 0 || wrong->add != 0)
        memcpy((char *)wrong->copy + wrong->offset, &word, sizeof word);
    return wrong->copy;
}

static bool is_right(const struct routine *routine, const struct wrong *wrong, kern_return_t result)
{
    if (wrong->flip == 0 && wrong->add == 0 && wrong->grow == 0)
        return result == (routine->has_reply ? KERN_NOT_SUPPORTED : KERN_SUCCESS);
    if (MIG_SEND_FAILED(result) || result == MIG_BAD_ARGUMENTS || result == MIG_TYPE_ERROR)
        return true;
    if (!routine->has_reply)
        return result == KERN_SUCCESS;
    if (wrong->offset == 20 && wrong->flip != 0)
        return result == MIG_REPLY_MISMATCH;
    /* Data may well be something else, and the function refuses. */
    return result == KERN_NOT_SUPPORTED && wrong->grow == 0 && wrong->offset != 0;
}

static unsigned try(const struct subject *subject, mig_interface_t interface, const struct routine *routine,
                    struct wrong wrong)
{
    kern_return_t result = ask(subject, interface, routine, spoil, &wrong);
    int rights = (int)loopback_rights() + (int)loopback_taken_rights();
    size_t memory = loopback_memory() + loopback_taken_memory();

    ck_assert_msg(is_right(routine, &wrong, result), "%s.%s: offset %u flip %#x add %d grow %d: result %d",
                  subject->name, routine->name, wrong.offset, wrong.flip, (int)wrong.add, wrong.grow, result);
    ck_assert_msg(rights == 4 + SPARE, "%s.%s: offset %u flip %#x add %d grow %d: %d rights lost, result %d",
                  subject->name, routine->name, wrong.offset, wrong.flip, (int)wrong.add, wrong.grow,
                  rights - 4 - SPARE, result);
    ck_assert_msg(memory == wrong.memory, "%s.%s: offset %u flip %#x add %d grow %d: %zu bytes left, result %d",
                  subject->name, routine->name, wrong.offset, wrong.flip, (int)wrong.add, wrong.grow,
                  memory - wrong.memory, result);
    free(wrong.copy);
    tried++;
    return wrong.size;
}

static void try_routine(const struct subject *subject, mig_interface_t interface, const struct routine *routine)
{
    static const uint32_t flips[] = {1, 0x10000, 0x100000, 0x2000000, 0x80000000u, 0xffffffffu};
    unsigned size;

    size = try(subject, interface, routine, (struct wrong){.offset = 24, .grow = 0});
    try(subject, interface, routine, (struct wrong){.offset = 0, .flip = MACH_MSGH_BITS_COMPLEX});
    try(subject, interface, routine, (struct wrong){.offset = 20, .flip = 0x40000000});
    for (int grow = -(int)size; grow <= 64; grow += 4) {
        if (grow != 0)
            try(subject, interface, routine, (struct wrong){.grow = grow});
    }
    for (unsigned at = 24; at + 4 <= size && at < 24 + FIRST_WORDS * 4; at += 4) {
        for (size_t i = 0; i < sizeof flips / sizeof flips[0]; i++)
            try(subject, interface, routine, (struct wrong){.offset = at, .flip = flips[i]});
        try(subject, interface, routine, (struct wrong){.offset = at, .add = 1});
        try(subject, interface, routine, (struct wrong){.offset = at, .add = (uint32_t)-1});
    }
}

START_TEST(no_wrong_request_gets_through_or_loses_anything)
{
    const struct subject *subject = &subjects[_i];
    mig_interface_t interface;
    char path[256], error[256];

    snprintf(path, sizeof path, "gen/%s.json", subject->name);
    ck_assert_msg(mig_interface_open(path, &interface, error, sizeof error) == KERN_SUCCESS, "%s: %s", path, error);
    for (size_t i = 0; i < interface->count; i++)
        try_routine(subject, interface, &interface->routines[i]);
    ck_assert_uint_ge(tried, interface->count * 20);
    mig_interface_free(interface);
    loopback_reset(false);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wrong requests to every routine");
    TCase *tcase = tcase_create("interfaces");

    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, no_wrong_request_gets_through_or_loses_anything, 0,
                        (int)(sizeof subjects / sizeof subjects[0]));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
