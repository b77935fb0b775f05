/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/mig.h - tables and functions that stubs made by mig use. */
#ifndef _MACH_MIG_H_
#define _MACH_MIG_H_

#include <mach/message.h>
#include <mach/vm_types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*mig_stub_routine_t)(mach_msg_header_t *request, mach_msg_header_t *reply);
typedef mig_stub_routine_t mig_routine_t;
typedef mig_routine_t (*mig_server_routine_t)(mach_msg_header_t *request);
typedef kern_return_t (*mig_impl_routine_t)(void);

/*
 * One routine of a subsystem's table; stub_routine is NULL where ids were skipped.  What describes
 * arguments is XNU's and left empty here: `mig -json` and mach/libmig.h tell that, and more.
 */
typedef struct routine_arg_descriptor *mig_routine_arg_descriptor_t;
typedef struct routine_descriptor {
    mig_impl_routine_t impl_routine;
    mig_stub_routine_t stub_routine;
    unsigned int argc;
    unsigned int descr_count;
    mig_routine_arg_descriptor_t arg_descr;
    unsigned int max_reply_msg; /* bytes */
} mig_routine_descriptor;
typedef struct routine_descriptor *mig_routine_descriptor_t;

#define MIG_ROUTINE_DESCRIPTOR_NULL ((mig_routine_descriptor_t)0)
#define MIG_ROUTINE_ARG_DESCRIPTOR_NULL ((mig_routine_arg_descriptor_t)0)

/* A subsystem's table, as far as it is the same for all. */
typedef struct mig_subsystem {
    mig_server_routine_t server; /* finds a routine for a request */
    mach_msg_id_t start;         /* the first id */
    mach_msg_id_t end;           /* one past the last id */
    mach_msg_size_t maxsize;     /* of any reply, in bytes */
    vm_address_t reserved;
    mig_routine_descriptor routine[1]; /* end - start of them */
} * mig_subsystem_t;

#define MIG_SUBSYSTEM_NULL ((mig_subsystem_t)0)

typedef struct mig_symtab {
    char *ms_routine_name;
    int ms_routine_number;
    void (*ms_routine)(void);
} mig_symtab_t;

/* The calling thread's port for replies; one for each thread, made on first use.  No reference is given. */
mach_port_t mig_get_reply_port(void);

/* The stub is done with a port that mig_get_reply_port gave, and no late answer can come to it. */
void mig_put_reply_port(mach_port_t reply_port);

/* Destroys the calling thread's reply port, so that a late answer is lost; the next call makes a new one. */
void mig_dealloc_reply_port(mach_port_t reply_port);

/* The same for ports that pass the caller's priority on to the server. */
mach_port_t mig_get_special_reply_port(void);
void mig_dealloc_special_reply_port(mach_port_t reply_port);

/* Makes the reply that says that nobody knows the request's id. */
void mig_reply_setup(const mach_msg_header_t *request, mach_msg_header_t *reply);

/*
 * Copies a string and its end, at most `size` bytes, and always ends it.  Returns the bytes copied, the
 * end included (0 if size is not positive).  _zerofill also clears what is left of `to`.
 */
int mig_strncpy(char *to, const char *from, int size);
int mig_strncpy_zerofill(char *to, const char *from, int size);

/* Memory for out-of-line data: *address is 0 when there is none.  mig_deallocate returns it. */
void mig_allocate(vm_address_t *address, vm_size_t size);
void mig_deallocate(vm_address_t address, vm_size_t size);

/* Memory for a message that is too large for the stack; NULL when there is none. */
char *mig_user_allocate(vm_size_t size);
void mig_user_deallocate(char *message, vm_size_t size);

#ifdef __cplusplus
}
#endif

#endif
