/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mach/libmig.h - interfaces at run time: calling, serving and reading messages without generated code.
 *
 * `mig -json FILE` describes an interface.  With such a description a program can call any routine by
 * name, serve an interface from plain C functions, and take any of its messages apart.  The messages are
 * the same, byte for byte, as those of generated stubs.
 */
#ifndef _MACH_LIBMIG_H_
#define _MACH_LIBMIG_H_

#include <mach/message.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- descriptions --------------------------------------------------------------------------------- */

typedef struct mig_interface *mig_interface_t;

/*
 * Reads a description.
 *
 * json, length  the text that mig -json wrote
 * interface     gets the interface; mig_interface_free lets go of it
 * error, room   get a line that says what is wrong, when something is; may be NULL, 0
 *
 * KERN_SUCCESS; KERN_INVALID_ARGUMENT when it is no description, or one that contradicts itself;
 * KERN_RESOURCE_SHORTAGE.
 */
kern_return_t mig_interface_read(const char *json, size_t length, mig_interface_t *interface, char *error, size_t room);

/* The same from a file.  KERN_FAILURE when it cannot be read. */
kern_return_t mig_interface_open(const char *path, mig_interface_t *interface, char *error, size_t room);

void mig_interface_free(mig_interface_t interface);

const char *mig_interface_name(mig_interface_t interface);

/*
 * The routine that a message belongs to, by its id, request or reply; NULL when it is none of this
 * interface's.  *is_reply tells which it is.
 */
const char *mig_interface_routine(mig_interface_t interface, mach_msg_id_t id, boolean_t *is_reply);

/* ---- calling -------------------------------------------------------------------------------------- */

enum mig_ownership {
    MIG_BORROWED = 0, /* the caller's own */
    MIG_ALLOCATED,    /* from malloc */
    MIG_MAPPED,       /* out-of-line memory: from vm_allocate */
};

/*
 * The value of one argument.
 *
 * data         its bytes: a number, a structure, the elements of an array, a string with its end, port
 *              names; for out-of-line arguments, the memory itself.  NULL for an optional argument that
 *              is left out.
 * count        elements, where the type is an array of variable length
 * disposition  for polymorphic rights: as what they are sent, or what came
 * deallocate   for out-of-line memory with dealloc[]: whether the kernel takes it from the caller
 * owner, size  what mig_call gave: how `data` is to be freed, and how many bytes it has
 */
typedef struct mig_value {
    const char *name;
    void *data;
    mach_msg_type_number_t count;
    mach_msg_type_name_t disposition;
    boolean_t deallocate;
    enum mig_ownership owner;
    vm_size_t size;
} mig_value_t;

/*
 * Calls a routine and, if it has a reply, waits for it.
 *
 * server   a send right to the port that serves the interface; it stays the caller's
 * values   one for each in and inout argument, and for each out argument that is wanted; what comes
 *          back for the others is destroyed
 * count    how many there are
 * timeout  milliseconds for the whole, or MACH_MSG_TIMEOUT_NONE
 *
 * Rights in `values` have the fate that their types say.  On success, mig_values_free frees what came.
 * The routine's own result, or: KERN_INVALID_NAME when there is no such routine;
 * KERN_INVALID_ARGUMENT when an argument is missing or unknown; MIG_ARRAY_TOO_LARGE when one is longer
 * than its type; KERN_RESOURCE_SHORTAGE; what mach_msg returns; MIG_* when the reply is not well formed.
 */
kern_return_t mig_call(mig_interface_t interface, const char *routine, mach_port_t server, mig_value_t *values,
                       unsigned count, mach_msg_timeout_t timeout);

/* Frees the memory that mig_call gave; rights that came stay the caller's. */
void mig_values_free(mig_value_t *values, unsigned count);

/* ---- serving -------------------------------------------------------------------------------------- */

typedef struct mig_service *mig_service_t;

/* A routine, and the C function that does it: with the parameters that a generated server would call. */
typedef struct mig_function {
    const char *routine;
    void (*function)(void);
} mig_function_t;

/*
 * Makes a server.  Routines without a function answer MIG_BAD_ID.
 * KERN_SUCCESS; KERN_INVALID_NAME when there is no such routine; KERN_NOT_SUPPORTED when libffi cannot
 * pass an argument's type; KERN_RESOURCE_SHORTAGE.  The interface must outlive the service.
 */
kern_return_t mig_service_create(mig_interface_t interface, const mig_function_t *functions, unsigned count,
                                 mig_service_t *service);
void mig_service_free(mig_service_t service);

/* The largest reply, in bytes, without a trailer. */
mach_msg_size_t mig_service_max_reply(mig_service_t service);

/* What NAME_server is for generated code: FALSE when no routine has the request's id. */
boolean_t mig_service_demux(mig_service_t service, mach_msg_header_t *request, mach_msg_header_t *reply);

/* ---- taking messages apart -------------------------------------------------------------------------- */

/* One argument in a message, in order.  `data` points into the message, or to its out-of-line memory. */
typedef struct mig_field {
    const char *name; /* of the argument, or "RetCode" */
    const char *type; /* of the argument, as the .defs file calls it; may be NULL */
    const char *wire; /* MACH_MSG_TYPE_... of its items */
    const void *data;
    mach_msg_type_number_t count; /* of elements */
    mach_msg_size_t size;         /* of one element, in bytes */
    boolean_t is_port;
    mach_msg_type_name_t disposition; /* of port rights */
} mig_field_t;

/*
 * Shows every argument of a received message to `visit`.  Nothing is consumed.
 * KERN_SUCCESS; MIG_BAD_ID when it is not of this interface; MIG_BAD_ARGUMENTS or MIG_TYPE_ERROR when it
 * is not well formed.  A reply that only carries an error shows RetCode alone.
 */
kern_return_t mig_decode(mig_interface_t interface, const mach_msg_header_t *message,
                         void (*visit)(const mig_field_t *field, void *context), void *context);

#ifdef __cplusplus
}
#endif

#endif
