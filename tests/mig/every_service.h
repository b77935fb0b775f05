/* SPDX-License-Identifier: BSD-2-Clause */
/* every_service.h - every.defs served by libmig, from a description and the functions of every_server.c. */
#ifndef EVERY_SERVICE_H
#define EVERY_SERVICE_H

#include <mach/libmig.h>

boolean_t every_service_demux(mach_msg_header_t *request, mach_msg_header_t *reply);
mach_msg_size_t every_service_max_reply(void);
mig_interface_t every_interface(void);

#endif
