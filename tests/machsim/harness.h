/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * harness.h - tests of the core on the simulated machine.
 *
 * The test is whichever task it says: what calls mach_msg, and the client stubs that do, trap as the current thread.
 */
#ifndef TESTS_MACHSIM_HARNESS_H
#define TESTS_MACHSIM_HARNESS_H

#include "../suite.h"

#include <mach/mach_types.h>
#include <mach/notify.h>

#include "gen/mach_host.h"
#include "gen/mach_port.h"
#include "gen/task.h"
#include "gen/thread_act.h"
#include "hal/sim/sim.h"
#include "ipc/right.h"

/* Starts a machine with one task, which is the current one. */
void harness_start(void);
/* Ends it, and with it every task; nothing may be left. */
void harness_stop(void);

extern struct sim_thread *current;
void become(struct sim_thread *thread);
/* The current thread's task, by the name of its own port. */
mach_port_t self(void);

/* Runs a trap of mach_msg's as some thread; true if it has ended, and its result is in thread->result. */
bool start_mach_msg(struct sim_thread *thread, mach_msg_header_t *message, mach_msg_option_t option,
                    mach_msg_size_t send_size, mach_msg_size_t receive_size, mach_port_name_t receive_name,
                    mach_msg_timeout_t timeout, mach_port_name_t notify);

/* A new receive right of the current task; with a send right under the same name. */
mach_port_name_t receive_right(void);
mach_port_name_t send_receive_right(void);
/* Gives a right of the current task to another task, under a name of its own. */
mach_port_name_t give(struct sim_thread *to, mach_port_name_t name, mach_msg_type_name_t disposition);

mach_port_urefs_t urefs(mach_port_name_t name, mach_port_right_t right);
mach_port_type_t type_of(mach_port_name_t name);
mach_port_status_t status_of(mach_port_name_t name);

/* A message with a number. */
typedef struct {
    mach_msg_header_t header;
    int number;
} number_message_t;
typedef struct {
    number_message_t message;
    mach_msg_max_trailer_t trailer;
} number_buffer_t;

mach_msg_return_t send_number(mach_port_name_t to, mach_msg_type_name_t disposition, int number);
/* The number received; -1: none is there. */
int receive_number(mach_port_name_t from);

/* Receives a notification at a port: its id, or 0; a name or count it carries is in *value. */
mach_msg_id_t receive_notification(mach_port_name_t from, natural_t *value);

/* Runs `test` with the first allocation failing, then the second ... until none does.  Nothing may leak. */
void sweep_allocations(void (*test)(void));

#endif
