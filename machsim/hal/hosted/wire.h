/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wire.h - what libmach and machsim say to each other: the trap instruction of the hosted machine.
 *
 * A process has one connection (AF_UNIX, SOCK_SEQPACKET) for its task and one for each thread.  A thread shares an
 * area of memory with machsim: it writes a trap's arguments there, rings a doorbell, and sleeps on `state`.  All in
 * the area is written by the client as it likes: machsim reads it once and believes nothing.
 *
 * state   IDLE -> REQUEST (client) -> DONE (machsim) -> IDLE (client)
 *         REQUEST -> SLEEPING (client): it is about to sleep, and machsim wakes it
 *         SLEEPING -> POLLING (client): it has left the futex and waits at its connection, where machsim sends a byte
 */
#ifndef HOSTED_WIRE_H
#define HOSTED_WIRE_H

#include <stdatomic.h>
#include <stdint.h>

#define WIRE_VERSION 6u
#define WIRE_MAGIC 0x6863614du /* "Mach" */

/* ---- connections ----------------------------------------------------------------------------------- */

enum wire_kind { WIRE_TASK = 1, WIRE_THREAD = 2, WIRE_STATISTICS = 3 };

/* The first message of a connection, from the client. */
struct wire_hello {
    uint32_t magic, version;
    uint32_t kind;
    uint32_t reserved;
    uint64_t task; /* WIRE_THREAD: the number that its task was given */
};

/* The answer.  A thread gets two descriptors: its area and its user's doorbells. */
struct wire_welcome {
    uint32_t magic, version;
    int32_t error; /* an errno, or 0 */
    uint32_t slot; /* of the thread, in the doorbells */
    uint32_t workers; /* eager ones; there are as many patient ones */
    uint32_t area_size; /* bytes */
    uint64_t task;
};

/* ---- the area -------------------------------------------------------------------------------------- */

enum wire_state { WIRE_IDLE, WIRE_REQUEST, WIRE_SLEEPING, WIRE_POLLING, WIRE_DONE };

#define WIRE_ARGUMENTS 9
#define WIRE_AREA_SIZE (128u * 1024)
#define WIRE_DATA_OFFSET 320u
#define WIRE_NONE UINT64_MAX
#define WIRE_MAX_PORTS 16382u /* rights in the arrays of a message: IPC_KMSG_MAX_OOL_PORTS */
/* Descriptors of memory that go with one trap at most. */
#define WIRE_MAX_FILES 8u

/*
 * Out-of-line memory of a message, in the order of its descriptors.  The bytes are at `offset` of the staged data,
 * or of file number `file` that comes with it; WIRE_NONE: they could not be had.
 */
struct wire_memory {
    uint64_t address; /* in the client; from machsim: where the client wants it, or 0 */
    uint64_t size;
    uint64_t offset;
    uint32_t file; /* 0: the staged data itself; n: the n-th descriptor after the staged data's own */
    uint32_t deallocate;
};

/*
 * Staged data is what goes with a trap or comes back: at `data` in the area if it fits, else in a sealed memfd that
 * goes over the thread's connection.
 */
struct wire_stage {
    uint64_t size;         /* all of it; 0: none */
    uint64_t message_size; /* bytes of message at its start */
    uint64_t scatter_offset, scatter_size;
    uint64_t memory_offset; /* of an array of wire_memory */
    uint32_t memory_count;
    uint32_t file; /* it is in a memfd */
    uint32_t files; /* from machsim: descriptors that come over the connection in all; to it: those besides its own */
    uint32_t taken; /* from machsim: records of memory that the trap has consumed */
};

struct wire_area {
    _Atomic uint32_t state;  /* futex */
    _Atomic uint32_t closed; /* machsim will answer no more */
    _Atomic uint32_t abort;  /* client: end the wait of the trap in progress */
    _Atomic uint32_t offers; /* machsim, with each answer: channels that lead to this task wait to be taken */
    uint32_t trap;
    uint64_t arguments[WIRE_ARGUMENTS];
    uint64_t result, out;
    struct wire_stage in, back;
};

/* Traps of the hosted machine alone, beside those of kern/trap.h. */
enum wire_trap {
    WIRE_TRAP_POLL = 0x1000,          /* name -> result; a descriptor that polls readable while a message waits */
    WIRE_TRAP_MAKE_FILEPORT = 0x1001, /* a descriptor with it -> result; name */
    WIRE_TRAP_MAKE_FILE = 0x1002,     /* name -> result; a descriptor */
    WIRE_TRAP_TASK_PROCESS = 0x1004,  /* name of a task's port -> result; number of its process */
    WIRE_TRAP_ARENA = 0x1005, /* start, size, enum wire_faults; a descriptor with it -> result: memory may be mapped */
    WIRE_TRAP_PART = 0x1006,  /* start, size -> result; offset in the file that comes, where what is there lies */
    WIRE_TRAP_WATCH = 0x1007, /* start, size -> result.  Faults go to the kernel: the file is mapped now */
    WIRE_TRAP_FORK = 0x1008,  /* -> result; a number by which a child has what it inherits of mapped memory; 0: nothing */
    WIRE_TRAP_ADOPT = 0x1009, /* that number, enum wire_faults; a descriptor with it -> result */
    WIRE_TRAP_ENTRY = 0x100a, /* address -> result; where what is mapped there ends, | protection, | maximum << 3; or, if
                                 nothing is, KERN_INVALID_ADDRESS, and where the next starts, or 0 */
    WIRE_TRAP_AGENT = 0x100b, /* -> KERN_SUCCESS; the port at which requests for this task wait, or 0: kern/agent.h */
    WIRE_TRAP_FAULT = 0x100c, /* address, whether for writing -> result; rights | wire_recall.asked << 32 */
    /* messages without machsim: channel.h */
    WIRE_TRAP_CHANNEL = 0x1010, /* name of a send right -> result; number of a channel; forward, backward, port come */
    WIRE_TRAP_TASK_STATE = 0x1011, /* -> result; the task's part comes */
    /* -> result; number | record << 16 | number of the port's page << 32: a channel to this task; forward, backward, port */
    WIRE_TRAP_ACCEPT = 0x1012,
    WIRE_TRAP_REFUSE = 0x1013,  /* number of a channel to this task: it is to be closed */
    WIRE_TRAP_LEASE = 0x1015,   /* fills the table of leases */
    WIRE_TRAP_DRAIN = 0x1016,   /* number of a channel of this task's: it is pulled */
    WIRE_TRAP_PULL = 0x1017,    /* number of a record: its port is pulled, and waiting senders go on */
    WIRE_TRAP_RECORD = 0x1019,  /* name of a receive right -> result; number of its record */
    WIRE_TRAP_SET = 0x101b,     /* name of a set -> result; its number in the task's part */
    WIRE_TRAP_FRESH = 0x101a,   /* fills the table of ports that are made in advance */
    WIRE_TRAP_RELEASE = 0x101c, /* name -> result, of mach_port_deallocate; what is let go of soon after may be left to be found */
    WIRE_TRAP_ANSWERED = 0x1018, /* number of a channel to this task, slot: the answer there is pulled */
    WIRE_TRAP_SET_BOOTSTRAP = 0x1003, /* name -> result; for the bootstrap server alone */
};

/* What a SIGURG brings that has the task look there. */
#define WIRE_ROUSE 0x4d61 /* "Ma" */

/* ---- faults ------------------------------------------------------------------------------------------ */

/*
 * How the kernel hears of a process's faults, and what descriptor the process sends for that.
 * WIRE_FAULTS_SIGNALS: the process asks for each page in a signal handler, by WIRE_TRAP_FAULT; a descriptor of a
 * wire_recall comes back.
 */
enum wire_faults {
    WIRE_FAULTS_ALL,    /* a userfaultfd */
    WIRE_FAULTS_USER,   /* a userfaultfd; faults inside system calls do not come there */
    WIRE_FAULTS_SIGNALS /* an end of a pipe, whose other end is closed when the process ends */
};

/*
 * How the kernel takes rights away from a process that it gets faults of by signals: the process changes its mapping,
 * and says so.  A right that was given before the kernel has asked is void when it has.
 */
struct wire_recall {
    _Atomic uint32_t asked; /* futex: changes when the kernel asks */
    _Atomic uint32_t done;  /* futex: the process sets it to `asked` */
    uint64_t start, size;   /* where */
    uint64_t protection;    /* what stays: VM_PROT_* */
};

/* ---- doorbells ------------------------------------------------------------------------------------- */

/*
 * One user's clients share a file with a page for each worker: first those that begin as soon as they are rung for, one for each
 * processor, then as many that wait until whoever has rung sleeps.  They can ring each other's bells, no more.
 */
#define WIRE_SLOTS 16384u
#define WIRE_BELL_SIZE 4096u

struct wire_bell {
    _Atomic uint32_t rings;    /* futex: changes with each ring */
    _Atomic uint32_t sleeping; /* the worker is, or is about to be, asleep on it */
    _Atomic uint32_t spinning; /* the worker looks for rings all the time, on a processor that no one else uses */
    _Atomic uint32_t wanted;   /* someone makes many traps, and would like it to */
    _Atomic uint64_t summary[WIRE_SLOTS / 64 / 64];
    _Atomic uint64_t slots[WIRE_SLOTS / 64];
};

/* Has a worker look again, after something was made visible.  True: it sleeps, and the caller wakes it at `rings`. */
static inline int wire_change(struct wire_bell *bell)
{
    atomic_fetch_add(&bell->rings, 1);
    return atomic_load(&bell->sleeping) != 0;
}

/* The same after a thread's slot has asked: makes that known first.  See worker.c. */
static inline int wire_ring(struct wire_bell *bell, unsigned slot)
{
    const unsigned word = slot / 64;

    atomic_fetch_or(&bell->slots[word], (uint64_t)1 << slot % 64);
    atomic_fetch_or(&bell->summary[word / 64], (uint64_t)1 << word % 64);
    return wire_change(bell);
}

_Static_assert(sizeof(struct wire_bell) <= WIRE_BELL_SIZE, "a bell fits its page");
_Static_assert(sizeof(struct wire_area) <= WIRE_DATA_OFFSET, "the area's head");

#endif
