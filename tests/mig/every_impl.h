/* SPDX-License-Identifier: BSD-2-Clause */
/* every_impl.h - what every_server.c leaves for the tests to look at. */
#ifndef EVERY_IMPL_H
#define EVERY_IMPL_H

/* Of the format that is being tested: the include path says which. */
#include "every.h"
#include "every_server.h"

struct served {
    int calls, number, sum, handles;
    unsigned capacity;
    mach_port_t got[8];
    mach_msg_type_name_t poly;
    mach_port_seqno_t seqno;
    mach_port_context_t context;
    char *kept; /* memory that the server still has */
    size_t kept_size;
    boolean_t dealloc;
    char text[64];
};

extern struct served served;

#endif
