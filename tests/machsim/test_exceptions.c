/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_exceptions.c - who is asked about exceptions, what answers do, and tasks and threads that programs make; also with each
 * allocation failing.  Documented: thread_set_exception_ports(3), task_create(3), thread_create(3).
 */
#include "harness.h"

#include <mach/exception_types.h>

#include "gen/exc.h"

#define EXPECT(condition) ck_assert(condition)

/* ---- answers --------------------------------------------------------------------------------------- */

typedef union {
    mach_msg_header_t header;
    __Request__exception_raise_t plain;
    __Request__exception_raise_state_t with_state;
    unsigned char room[8192];
} request_t;

static bool receive(mach_port_t port, request_t *request)
{
    return start_mach_msg(current, &request->header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof *request, port, 0,
                          MACH_PORT_NULL) &&
           current->result == MACH_MSG_SUCCESS;
}

static void answer(const request_t *request, kern_return_t result, const uint32_t *state)
{
    __Reply__exception_raise_state_t reply = {
        .Head = {.msgh_bits = MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(request->header.msgh_bits), 0),
                 .msgh_remote_port = request->header.msgh_remote_port,
                 .msgh_id = request->header.msgh_id + 100},
        .NDR = NDR_record,
        .RetCode = result,
        .flavor = SIM_STATE};
    mach_msg_size_t size = offsetof(__Reply__exception_raise_state_t, flavor);

    if (state != NULL) {
        reply.new_stateCnt = SIM_STATE_COUNT;
        memcpy(reply.new_state, state, SIM_STATE_COUNT * sizeof *state);
        size = offsetof(__Reply__exception_raise_state_t, new_state) + SIM_STATE_COUNT * sizeof *state;
    }
    (void)start_mach_msg(current, &reply.Head, MACH_SEND_MSG, size, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

/* Lets go of what a request brought. */
static void discard(const request_t *request)
{
    if (request->header.msgh_bits & MACH_MSGH_BITS_COMPLEX) {
        (void)mach_port_deallocate(self(), request->plain.thread.name);
        (void)mach_port_deallocate(self(), request->plain.task.name);
    }
}

/* ---- tests ----------------------------------------------------------------------------------------- */

START_TEST(without_ports_no_one_is_asked)
{
    harness_start();
    sim_raise(current, EXC_ARITHMETIC, 5, 6);
    EXPECT(current->exception == UNHANDLED);
    harness_stop();
}
END_TEST

/* Another thread of the task, whose exceptions of one kind come to a port. */
static struct sim_thread *thrower;
static mach_port_t port;

/* MACH_PORT_NULL: no memory. */
static mach_port_t new_port(void)
{
    mach_port_t name;

    if (mach_port_allocate(self(), MACH_PORT_RIGHT_RECEIVE, &name) != KERN_SUCCESS ||
        mach_port_insert_right(self(), name, name, MACH_MSG_TYPE_MAKE_SEND) != KERN_SUCCESS)
        return MACH_PORT_NULL;
    return name;
}

static bool set_up(exception_behavior_t behavior)
{
    thrower = sim_thread(current->thread->task);
    port = thrower == NULL ? MACH_PORT_NULL : new_port();
    return port != MACH_PORT_NULL &&
           task_set_exception_ports(self(), EXC_MASK_ARITHMETIC, port, behavior, SIM_STATE) == KERN_SUCCESS;
}

static void ask_and_answer(void)
{
    request_t request;
    static const uint32_t state[SIM_STATE_COUNT] = {9, 8, 7, 6};

    if (!set_up(EXCEPTION_STATE))
        return;
    sim_raise(thrower, EXC_ARITHMETIC, 5, 6);
    if (thrower->exception == UNHANDLED) {
        EXPECT(sim_failed());
        return;
    }
    if (!receive(port, &request))
        return;
    EXPECT(request.header.msgh_id == 2402);
    EXPECT(request.with_state.exception == EXC_ARITHMETIC);
    EXPECT(request.with_state.code[0] == 5 && request.with_state.code[1] == 6);
    EXPECT(request.with_state.old_stateCnt == SIM_STATE_COUNT);
    answer(&request, KERN_SUCCESS, state);
    EXPECT(thrower->exception == HANDLED || sim_failed());
    EXPECT(thrower->exception != HANDLED || memcmp(thrower->state, state, sizeof state) == 0);
}

static void die_while_asked(void)
{
    request_t request;

    if (!set_up(EXCEPTION_DEFAULT))
        return;
    sim_raise(thrower, EXC_ARITHMETIC, 1, 2);
    const bool asked = thrower->exception == RAISED;

    if (asked && receive(port, &request)) {
        sim_thread_end(thrower);
        answer(&request, KERN_SUCCESS, NULL);
        discard(&request);
    }
    EXPECT(!asked || sim_failed() || thrower->exception == UNHANDLED);
}

static void no_answer_is_a_no(void)
{
    if (!set_up(EXCEPTION_DEFAULT))
        return;
    sim_raise(thrower, EXC_ARITHMETIC, 1, 2);
    (void)mach_port_destroy(self(), port); /* with the request in its queue */
    sim_settle();
    EXPECT(thrower->exception == UNHANDLED || sim_failed());
}

/* What comes to the reply port and is no answer is a no; so are answers with registers that do not fit. */
static void rubbish_is_a_no(void)
{
    static const mach_msg_size_t sizes[] = {sizeof(mach_msg_header_t), sizeof(mach_msg_header_t) + 8,
                                            offsetof(__Reply__exception_raise_state_t, new_state)};
    request_t request;

    if (!set_up(EXCEPTION_STATE))
        return;
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        sim_raise(thrower, EXC_ARITHMETIC, 1, 2);
        if (thrower->exception != RAISED || !receive(port, &request))
            return;
        __Reply__exception_raise_state_t reply = {
            .Head = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0),
                     .msgh_remote_port = request.header.msgh_remote_port,
                     .msgh_id = 2502},
            .RetCode = KERN_SUCCESS,
            .new_stateCnt = 1000};
        (void)start_mach_msg(current, &reply.Head, MACH_SEND_MSG, sizes[i], 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
        EXPECT(thrower->exception == UNHANDLED || sim_failed());
    }
}

static void make_tasks_and_threads(void)
{
    mach_port_t task, thread;
    mach_port_t handler = new_port();
    uint32_t state[SIM_STATE_COUNT] = {1, 2, 3, 4}, got[SIM_STATE_COUNT];
    mach_msg_type_number_t count = SIM_STATE_COUNT;

    if (handler == MACH_PORT_NULL ||
        task_set_exception_ports(self(), EXC_MASK_ALL, handler, EXCEPTION_DEFAULT, 0) != KERN_SUCCESS ||
        task_create(self(), NULL, 0, FALSE, &task) != KERN_SUCCESS)
        return;
    if (thread_create(task, &thread) == KERN_SUCCESS) {
        if (thread_set_state(thread, SIM_STATE, state, count) == KERN_SUCCESS &&
            thread_get_state(thread, SIM_STATE, got, &count) == KERN_SUCCESS)
            EXPECT(memcmp(state, got, sizeof state) == 0);
        if (thread_resume(thread) == KERN_SUCCESS)
            EXPECT(thread_resume(thread) == KERN_FAILURE || sim_failed());
        (void)mach_port_deallocate(self(), thread);
    }
    (void)thread_create_running(task, SIM_STATE, state, 1, &thread);
    if (task_terminate(task) != KERN_SUCCESS) {
        EXPECT(sim_failed());
        (void)task_terminate(task);
    }
    (void)mach_port_deallocate(self(), task);
}

static void (*const scenes[])(void) = {ask_and_answer, die_while_asked, no_answer_is_a_no, rubbish_is_a_no,
                                       make_tasks_and_threads};

START_TEST(scene_holds)
{
    harness_start();
    scenes[_i]();
    harness_stop();
}
END_TEST

START_TEST(scene_survives_shortage)
{
    sweep_allocations(scenes[_i]);
}
END_TEST

int main(void)
{
    const int count = sizeof scenes / sizeof *scenes;
    Suite *suite = suite_create("exceptions");
    TCase *plain = tcase_create("as documented"), *shortage = tcase_create("without memory");

    tcase_add_test(plain, without_ports_no_one_is_asked);
    tcase_add_loop_test(plain, scene_holds, 0, count);
    tcase_set_timeout(shortage, 300);
    tcase_add_loop_test(shortage, scene_survives_shortage, 0, count);
    suite_add_tcase(suite, plain);
    suite_add_tcase(suite, shortage);
    return run_suite(suite);
}
