/* SPDX-License-Identifier: BSD-2-Clause */
/* servers/netname_defs.h - names and errors of the name server.  Values are CMU's. */
#ifndef _SERVERS_NETNAME_DEFS_H_
#define _SERVERS_NETNAME_DEFS_H_

#define NETNAME_SUCCESS 0
#define NETNAME_PENDING (-1)
#define NETNAME_NOT_YOURS 1000
#define NETNAME_NOT_CHECKED_IN 1001
#define NETNAME_NO_SUCH_HOST 1002
#define NETNAME_HOST_NOT_FOUND 1003

typedef char netname_name_t[80];

#endif
