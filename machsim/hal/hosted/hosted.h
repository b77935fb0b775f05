/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hosted.h - the hosted machine from inside: worker threads, one for each processor, do traps and run continuations;
 * one more thread, the porter, lets clients in and sees them go.
 */
#ifndef HOSTED_H
#define HOSTED_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "hal/hal.h"
#include "hal/hosted/wire.h"
#include "kern/task.h"
#include "kern/thread.h"

/* ---- options (options.c) --------------------------------------------------------------------------- */

struct options {
    const char *socket; /* path */
    int ready;          /* descriptor to write a byte to once clients may come, or -1 */
    bool on_demand;     /* end soon after the last client */
    unsigned linger;    /* ... so many seconds */
    unsigned workers;   /* 0: one for each processor */
    unsigned max_tasks;
    unsigned queue_limit; /* of new ports */
    uint64_t stack_size;  /* of each worker */
    uint64_t page_cache;  /* bytes of memory that the kernel maps for tasks */
    unsigned pager_timeout; /* seconds that a memory manager may take to answer */
    struct task_limits limits;
};

extern struct options options;
/* Reads environment and command line; what is asked for and done at once (--help, --stats) does not return. */
void options_read(int argc, char **argv);

/* ---- log (log.c) ----------------------------------------------------------------------------------- */

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
extern enum log_level log_level;
__attribute__((format(printf, 2, 3))) void log_line(enum log_level level, const char *format, ...);

/* ---- what differs by host system (linux.c) --------------------------------------------------------- */

void os_futex_wake(_Atomic uint32_t *word, int count);
/* Sleeps while *word is `value`, at most until `deadline` (of hal_now; 0: forever).  Wakes for no reason too. */
void os_futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t deadline);
/* The same for many words, forever. */
void os_futex_wait_many(_Atomic uint32_t *const *words, const uint32_t *values, unsigned count);
#define OS_FUTEX_MANY 128u
/* A file in memory that cannot change its size; -1 and errno. */
int os_shared_file(const char *name, size_t size);
/* Makes what is in a file final.  False: that cannot be. */
bool os_seal(int file);
/* Whether no one can change the file's bytes or size any more. */
bool os_is_sealed(int file);
/* Sees to it that a range of a file takes up memory, or none; a range that has some keeps its bytes.  False: no memory. */
bool os_file_fill(int file, uint64_t offset, uint64_t size);
void os_file_empty(int file, uint64_t offset, uint64_t size);
/* The same file by another descriptor, for reading alone unless `write`; -1 and errno. */
int os_file_again(int file, bool write);
/* Whom a connection comes from; false: unknown. */
bool os_peer(int connection, struct task_identity *identity);
/* A descriptor that polls readable when a process has ended; -1 and errno. */
int os_process_file(pid_t pid);
pid_t os_parent(pid_t pid);
/* Sends a process a signal with a value; 0: only looks whether that may be.  False: it may not. */
bool os_process_signal(pid_t pid, int signal, int value);

/* A descriptor at which many others are waited at; -1 and errno. */
int os_poll_open(void);
/* Waits at a descriptor too, or no longer.  An event has its `context`.  False: that cannot be; errno. */
bool os_poll_add(int poll, int file, void *context);
void os_poll_remove(int poll, int file);
/* Whether what can be read there is an event, as it is at first. */
void os_poll_set(int poll, int file, void *context, bool readable);
struct os_event {
    void *context;
    bool ended; /* the peer has closed */
};
/* Waits for events, so many milliseconds (-1: forever): how many there are. */
int os_poll_wait(int poll, struct os_event *events, int room, int milliseconds);

/* Whether the other end of a pipe has been closed, or something can be read from it. */
bool os_file_ended(int file);

/* A descriptor that is readable while it is raised; -1 and errno. */
int os_event_open(void);
void os_event_raise(int file);
void os_event_clear(int file);

/* A descriptor that is readable from a deadline of hal_now's on; -1 and errno. */
int os_alarm_open(void);
void os_alarm_set(int file, uint64_t deadline);
void os_alarm_clear(int file);

/*
 * Faults of another process: userfaultfd(2).  A descriptor that came from a client may be anything, and may have become
 * anything: what fails here fails for that client alone.
 */
struct os_fault {
    uint64_t address;
    bool write;
};
/* Makes a descriptor ready.  False: it is no userfaultfd, or the host's is too old. */
bool os_faults_open(int file);
/* Has faults in a range, which the process has mapped from a file in memory, come to the descriptor. */
bool os_faults_watch(int file, uint64_t start, uint64_t size);
/* The next fault; false: there is none. */
bool os_faults_next(int file, struct os_fault *fault);
/* Shows the process what is in its file at a range, and wakes who waits for it.  OS_FAULT_EMPTY: nothing is there. */
enum os_fault_result { OS_FAULT_RESOLVED, OS_FAULT_EMPTY, OS_FAULT_FAILED };
enum os_fault_result os_faults_resolve(int file, uint64_t start, uint64_t size, bool write);
/* Whoever writes there takes a fault from now on. */
void os_faults_protect(int file, uint64_t start, uint64_t size);
/* Whoever touches it gets a signal. */
void os_faults_refuse(int file, uint64_t start, uint64_t size);

/* A descriptor that is readable when a blocked signal of the set has come; -1 and errno.  The next one, or 0. */
int os_signals_open(const sigset_t *set);
int os_signals_next(int file);
/* Bytes that no one can guess.  False: there are none. */
bool os_random(void *bytes, size_t size);
unsigned os_processors(void);
void os_pin(unsigned processor);
/* Lets others run that wait for the calling thread's processor. */
void os_yield(void);
/* The calling thread does not take the processor from whoever wakes it. */
void os_be_patient(void);

/* As many descriptors as may be. */
void os_raise_limits(void);
void os_name_thread(const char *name);

/* ---- users (user.c): doorbells that the threads of one uid share ------------------------------------ */

struct hosted_thread;

struct user {
    uid_t uid;
    int file;
    struct wire_bell *bells[128]; /* of each worker */
    struct hosted_thread *_Atomic threads[WIRE_SLOTS];
    uint32_t next_slot;
};

#define MAX_USERS OS_FUTEX_MANY
#define MAX_WORKERS 64u
extern struct user *_Atomic users[MAX_USERS];
extern _Atomic unsigned user_count;

/* Finds or makes a user; NULL: there are too many, or no memory.  Porter only. */
struct user *user_get(uid_t uid);
/* A slot for a thread; -1: all are used.  Porter only. */
int user_take_slot(struct user *user, struct hosted_thread *thread);
void user_free_slot(struct user *user, unsigned slot);

/* ---- threads (client.c) ---------------------------------------------------------------------------- */

#define HOSTED_ATTACH 3

/* A client's thread: freed, by RCU, when it is gone and its last trap is over. */
struct hosted_thread {
    struct hal_rcu rcu;
    struct ref refs; /* one while the thread is there, one for a trap in progress */
    struct thread *thread;
    struct user *user;
    unsigned slot;
    int connection;
    struct wire_area *area;
    uint8_t *data; /* WIRE_DATA_OFFSET into it */
    _Atomic uint32_t busy; /* a trap is in progress: the rest belongs to it */

    /* what came with the trap */
    struct wire_stage in;
    struct hosted_file *in_file; /* where it is staged; NULL: in the area */
    struct hosted_file *in_files[WIRE_MAX_FILES]; /* memory that came as files */
    uint32_t next_memory;

    /* what goes back */
    uint8_t *message; /* a copy, if it does not fit the area */
    uint64_t message_size;
    struct vm_map_copy **memory;
    uint64_t *places;
    uint32_t memory_count, memory_room;
    int attach[HOSTED_ATTACH]; /* descriptors to send, closed then; -1: none, as are those after it */
};

/*
 * A thread for a process's task, at a connection that becomes its own.  Sends the welcome.  An errno: the connection
 * is still the caller's.
 */
int client_make(struct task *task, struct user *user, int connection, struct hosted_thread **made);

/* For a thread that has nothing to send yet. */
void client_attach_none(struct hosted_thread *t);

/* A trap came from the thread in a slot of a user. */
void client_trap(struct user *user, unsigned slot);

/* ---- staged data (stage.c) ------------------------------------------------------------------------- */

/* A memfd that several may hold. */
struct hosted_file {
    struct ref refs;
    int file;
    uint64_t size; /* of what came from a client: it is final */
};

struct hosted_file *hosted_file_make(int file);
void hosted_file_get(struct hosted_file *file);
void hosted_file_put(struct hosted_file *file);

/* Takes over what came with a trap.  False: it is not as it should be. */
bool stage_open(struct hosted_thread *t);
/* Lets go of it, and puts what goes back where the client finds it. */
void stage_close(struct hosted_thread *t);
void stage_discard(struct hosted_thread *t);

/* ---- descriptors (files.c) ------------------------------------------------------------------------- */

/* The traps of enum wire_trap; false: it is none. */
bool files_trap(struct hosted_thread *t, uint32_t number, const uint64_t *arguments);
/* A descriptor that came over the thread's connection; -1: none. */
int receive_file(int connection);
bool send_files(int connection, const int *files, unsigned count);

/* ---- workers (worker.c) ---------------------------------------------------------------------------- */

extern unsigned worker_count; /* eager ones; as many patient ones follow */
bool workers_start(void);
void workers_stop(void);
/* Has all workers look again at what there is to do. */
void workers_wake(void);
/* Has a worker, the caller if it is one, look at a thread's slot, as if the client had rung. */
void worker_ring(struct user *user, unsigned slot);
/* For threads that are no workers but run the core. */
void processor_enter(void);
void processor_leave(void);

/* ---- the porter (porter.c) ------------------------------------------------------------------------- */

/* Listens at options.socket.  False: that cannot be; it was logged why. */
bool porter_open(void);
/* Lets clients in and sees them go, until told to stop. */
void porter_run(void);
/* Whether a process is the bootstrap server that this daemon started. */
bool porter_is_bootstrap(pid_t pid);
/* The bootstrap server serves: clients may come in. */
void porter_open_gate(void);

/* ---- statistics (statistics.c) --------------------------------------------------------------------- */

/* Writes a table of tasks and what they use to a connection. */
void statistics_send(int connection, const struct task_identity *asking);
/* machsim --stats: asks the daemon at a socket, and prints.  An exit status. */
int statistics_print(const char *socket);

#endif
