/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core_manager.h - memory managers inside a test, without tasks: ports whose queues the test empties, and answers by calls
 * of the core.  A page is told by one byte, at offset 7.  Requests are answered in any order, by rand().
 */
#ifndef TESTS_MACHSIM_CORE_MANAGER_H
#define TESTS_MACHSIM_CORE_MANAGER_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/port.h"

#define MANAGED_OBJECTS 2
#define MANAGED_PAGES 24

/* Starts with a default manager, and objects whose pages have `byte_of(object, page)`. */
void managers_start(unsigned char (*byte_of)(unsigned object, unsigned page));
/* A new send right for an object's port. */
struct ipc_port *managers_object(unsigned object);
/* Does something that is to be done, if there is anything. */
bool managers_serve(void);
/* Nothing is mapped any more: all messages are served, and the ports end. */
void managers_stop(void);

#endif
