/* SPDX-License-Identifier: BSD-2-Clause */
/* wire.c - the names that basic items have in messages. */
#include "wire.h"

#include <strings.h>

#define PORT_BITS 32

static const struct wire_name wire_names[] = {
    {"MACH_MSG_TYPE_UNSTRUCTURED", WIRE_UNSTRUCTURED, WIRE_UNSTRUCTURED, 0, "char"},
    {"MACH_MSG_TYPE_BIT", WIRE_UNSTRUCTURED, WIRE_UNSTRUCTURED, 1, "char"},
    {"MACH_MSG_TYPE_BOOLEAN", WIRE_UNSTRUCTURED, WIRE_UNSTRUCTURED, 32, "boolean_t"},
    {"MACH_MSG_TYPE_INTEGER_8", WIRE_INTEGER_8, WIRE_INTEGER_8, 8, "char"},
    {"MACH_MSG_TYPE_INTEGER_16", WIRE_INTEGER_16, WIRE_INTEGER_16, 16, "short"},
    {"MACH_MSG_TYPE_INTEGER_32", WIRE_INTEGER_32, WIRE_INTEGER_32, 32, "int"},
    {"MACH_MSG_TYPE_INTEGER_64", WIRE_INTEGER_64, WIRE_INTEGER_64, 64, "int64_t"},
    {"MACH_MSG_TYPE_CHAR", WIRE_CHAR, WIRE_CHAR, 8, "char"},
    {"MACH_MSG_TYPE_BYTE", WIRE_INTEGER_8, WIRE_INTEGER_8, 8, "char"},
    {"MACH_MSG_TYPE_REAL", WIRE_REAL, WIRE_REAL, 32, "float"},
    {"MACH_MSG_TYPE_REAL_32", WIRE_REAL, WIRE_REAL, 32, "float"},
    {"MACH_MSG_TYPE_REAL_64", WIRE_REAL, WIRE_REAL, 64, "double"},
    {"MACH_MSG_TYPE_STRING", WIRE_STRING_C, WIRE_STRING_C, 0, "char"},
    {"MACH_MSG_TYPE_STRING_C", WIRE_STRING_C, WIRE_STRING_C, 0, "char"},
    {"MACH_MSG_TYPE_PORT_NAME", WIRE_PORT_NAME, WIRE_PORT_NAME, PORT_BITS, "mach_port_name_t"},
    {"MACH_MSG_TYPE_PORT_RECEIVE", WIRE_MOVE_RECEIVE, WIRE_MOVE_RECEIVE, PORT_BITS, "mach_port_t"},
    {"MACH_MSG_TYPE_PORT_SEND", WIRE_MOVE_SEND, WIRE_MOVE_SEND, PORT_BITS, "mach_port_t"},
    {"MACH_MSG_TYPE_PORT_SEND_ONCE", WIRE_MOVE_SEND_ONCE, WIRE_MOVE_SEND_ONCE, PORT_BITS, "mach_port_t"},
    {"MACH_MSG_TYPE_MOVE_RECEIVE", WIRE_MOVE_RECEIVE, WIRE_MOVE_RECEIVE, PORT_BITS, "mach_port_t"},
    {"MACH_MSG_TYPE_MOVE_SEND", WIRE_MOVE_SEND, WIRE_MOVE_SEND, PORT_BITS, "mach_port_t"},
    {"MACH_MSG_TYPE_MOVE_SEND_ONCE", WIRE_MOVE_SEND_ONCE, WIRE_MOVE_SEND_ONCE, PORT_BITS, "mach_port_t"},
    {"MACH_MSG_TYPE_COPY_RECEIVE", WIRE_COPY_RECEIVE, WIRE_MOVE_RECEIVE, PORT_BITS, "mach_port_t"},
    {"MACH_MSG_TYPE_COPY_SEND", WIRE_COPY_SEND, WIRE_MOVE_SEND, PORT_BITS, "mach_port_t"},
    {"MACH_MSG_TYPE_MAKE_SEND", WIRE_MAKE_SEND, WIRE_MOVE_SEND, PORT_BITS, "mach_port_t"},
    {"MACH_MSG_TYPE_MAKE_SEND_ONCE", WIRE_MAKE_SEND_ONCE, WIRE_MOVE_SEND_ONCE, PORT_BITS, "mach_port_t"},
    {"MACH_MSG_TYPE_POLYMORPHIC", WIRE_POLYMORPHIC, WIRE_POLYMORPHIC, PORT_BITS, "mach_port_t"},
    {"polymorphic", WIRE_POLYMORPHIC, WIRE_POLYMORPHIC, PORT_BITS, "mach_port_t"},
    /* Mach 2.5's names. */
    {"MSG_TYPE_UNSTRUCTURED", WIRE_UNSTRUCTURED, WIRE_UNSTRUCTURED, 0, "char"},
    {"MSG_TYPE_BIT", WIRE_UNSTRUCTURED, WIRE_UNSTRUCTURED, 1, "char"},
    {"MSG_TYPE_BOOLEAN", WIRE_UNSTRUCTURED, WIRE_UNSTRUCTURED, 32, "boolean_t"},
    {"MSG_TYPE_INTEGER_8", WIRE_INTEGER_8, WIRE_INTEGER_8, 8, "char"},
    {"MSG_TYPE_INTEGER_16", WIRE_INTEGER_16, WIRE_INTEGER_16, 16, "short"},
    {"MSG_TYPE_INTEGER_32", WIRE_INTEGER_32, WIRE_INTEGER_32, 32, "int"},
    {"MSG_TYPE_INTEGER_64", WIRE_INTEGER_64, WIRE_INTEGER_64, 64, "int64_t"},
    {"MSG_TYPE_CHAR", WIRE_CHAR, WIRE_CHAR, 8, "char"},
    {"MSG_TYPE_BYTE", WIRE_INTEGER_8, WIRE_INTEGER_8, 8, "char"},
    {"MSG_TYPE_REAL", WIRE_REAL, WIRE_REAL, 32, "float"},
    {"MSG_TYPE_STRING", WIRE_STRING_C, WIRE_STRING_C, 0, "char"},
    {"MSG_TYPE_STRING_C", WIRE_STRING_C, WIRE_STRING_C, 0, "char"},
    {"MSG_TYPE_PORT_NAME", WIRE_PORT_NAME, WIRE_PORT_NAME, PORT_BITS, "mach_port_name_t"},
    {"MSG_TYPE_PORT", WIRE_COPY_SEND, WIRE_MOVE_SEND, PORT_BITS, "mach_port_t"},
    {"MSG_TYPE_PORT_ALL", WIRE_MOVE_RECEIVE, WIRE_MOVE_RECEIVE, PORT_BITS, "mach_port_t"},
    {"MSG_TYPE_PORT_RECEIVE", WIRE_MOVE_RECEIVE, WIRE_MOVE_RECEIVE, PORT_BITS, "mach_port_t"},
    {"MSG_TYPE_POLYMORPHIC", WIRE_POLYMORPHIC, WIRE_POLYMORPHIC, PORT_BITS, "mach_port_t"},
};

const struct wire_name *wire_find(const char *name, struct near *near)
{
    for (size_t i = 0; i < sizeof wire_names / sizeof wire_names[0]; i++) {
        if (strcasecmp(name, wire_names[i].name) == 0)
            return &wire_names[i];
        if (near != NULL)
            diag_near(near, wire_names[i].name);
    }
    return NULL;
}

bool wire_is_port(enum wire wire)
{
    return wire == WIRE_POLYMORPHIC || (wire >= WIRE_MOVE_RECEIVE && wire <= WIRE_COPY_RECEIVE);
}

enum wire wire_received_as(enum wire sent)
{
    switch (sent) {
    case WIRE_COPY_SEND:
    case WIRE_MAKE_SEND:
        return WIRE_MOVE_SEND;
    case WIRE_MAKE_SEND_ONCE:
        return WIRE_MOVE_SEND_ONCE;
    case WIRE_COPY_RECEIVE:
        return WIRE_MOVE_RECEIVE;
    default:
        return sent;
    }
}

const char *wire_spelling(enum wire wire)
{
    switch (wire) {
    case WIRE_UNSTRUCTURED: return "MACH_MSG_TYPE_UNSTRUCTURED";
    case WIRE_INTEGER_16: return "MACH_MSG_TYPE_INTEGER_16";
    case WIRE_INTEGER_32: return "MACH_MSG_TYPE_INTEGER_32";
    case WIRE_CHAR: return "MACH_MSG_TYPE_CHAR";
    case WIRE_INTEGER_8: return "MACH_MSG_TYPE_INTEGER_8";
    case WIRE_REAL: return "MACH_MSG_TYPE_REAL";
    case WIRE_INTEGER_64: return "MACH_MSG_TYPE_INTEGER_64";
    case WIRE_STRING_C: return "MACH_MSG_TYPE_STRING_C";
    case WIRE_PORT_NAME: return "MACH_MSG_TYPE_PORT_NAME";
    case WIRE_MOVE_RECEIVE: return "MACH_MSG_TYPE_MOVE_RECEIVE";
    case WIRE_MOVE_SEND: return "MACH_MSG_TYPE_MOVE_SEND";
    case WIRE_MOVE_SEND_ONCE: return "MACH_MSG_TYPE_MOVE_SEND_ONCE";
    case WIRE_COPY_SEND: return "MACH_MSG_TYPE_COPY_SEND";
    case WIRE_MAKE_SEND: return "MACH_MSG_TYPE_MAKE_SEND";
    case WIRE_MAKE_SEND_ONCE: return "MACH_MSG_TYPE_MAKE_SEND_ONCE";
    case WIRE_COPY_RECEIVE: return "MACH_MSG_TYPE_COPY_RECEIVE";
    case WIRE_POLYMORPHIC: return "MACH_MSG_TYPE_POLYMORPHIC";
    }
    return NULL;
}
