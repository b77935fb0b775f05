/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/notify.h - messages that the kernel sends about port rights.  Ids and layouts are XNU's. */
#ifndef _MACH_NOTIFY_H_
#define _MACH_NOTIFY_H_

#include <mach/message.h>
#include <mach/ndr.h>

#define MACH_NOTIFY_FIRST 64
#define MACH_NOTIFY_PORT_DELETED 65   /* a send or send-once right was deleted */
#define MACH_NOTIFY_SEND_POSSIBLE 66  /* a queue that was full has room */
#define MACH_NOTIFY_PORT_DESTROYED 69 /* a receive right was deallocated, and is in the message */
#define MACH_NOTIFY_NO_SENDERS 70     /* the last send right is gone */
#define MACH_NOTIFY_SEND_ONCE 71      /* a send-once right was deallocated unused */
#define MACH_NOTIFY_DEAD_NAME 72      /* a send or send-once right has become a dead name */
#define MACH_NOTIFY_LAST (MACH_NOTIFY_FIRST + 13)

typedef mach_port_t notify_port_t;

#pragma pack(push, 4)

typedef struct {
    mach_msg_header_t not_header;
    NDR_record_t NDR;
    mach_port_name_t not_port;
    mach_msg_format_0_trailer_t trailer;
} mach_port_deleted_notification_t;

typedef struct {
    mach_msg_header_t not_header;
    NDR_record_t NDR;
    mach_port_name_t not_port;
    mach_msg_format_0_trailer_t trailer;
} mach_send_possible_notification_t;

typedef struct {
    mach_msg_header_t not_header;
    mach_msg_body_t not_body;
    mach_msg_port_descriptor_t not_port;
    mach_msg_format_0_trailer_t trailer;
} mach_port_destroyed_notification_t;

typedef struct {
    mach_msg_header_t not_header;
    NDR_record_t NDR;
    mach_msg_type_number_t not_count;
    mach_msg_format_0_trailer_t trailer;
} mach_no_senders_notification_t;

typedef struct {
    mach_msg_header_t not_header;
    mach_msg_format_0_trailer_t trailer;
} mach_send_once_notification_t;

typedef struct {
    mach_msg_header_t not_header;
    NDR_record_t NDR;
    mach_port_name_t not_port;
    mach_msg_format_0_trailer_t trailer;
} mach_dead_name_notification_t;

#pragma pack(pop)

#endif
