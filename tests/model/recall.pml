/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recall.pml - rights to a page, of a process whose faults come by signals: machsim/hal/hosted/recall.h,
 * libmach/process/faults.h.
 *
 * Threads that take a fault ask the daemon, and give the mapping the right that comes back, unless the daemon has asked for
 * rights since.  The daemon asks by a number that changes, and waits until the process shows that number too.  Checked: when
 * the daemon has a right back, the mapping has it not, until it is given again; and no one waits for ever.
 */
#define FAULTS 2  /* threads that fault, each so often */
#define TIMES 2
#define RECALLS 3

byte asked, done;  /* wire_recall */
bool given;        /* what the daemon knows: the process may use the page */
bool mapped;       /* what the mapping allows */
bool granting;     /* libmach's lock */
bool memory_lock;  /* the daemon's */

inline lock(l) { atomic { !l -> l = true } }
inline unlock(l) { l = false }

proctype fault()
{
    byte times = 0, mark;

    do
    :: times == TIMES -> break
    :: else ->
        lock(memory_lock); /* the trap: the daemon gives the right, marked */
        given = true;
        mark = asked;
        unlock(memory_lock);
        lock(granting);
        if
        :: asked == mark -> mapped = true
        :: else /* void: the access is tried again, and faults again */
        fi;
        unlock(granting);
        times++
    od
}

active proctype giver()
{
end_wait:
    do
    :: asked != done ->
        lock(granting);
        mapped = false;
        unlock(granting);
        done = asked
    od
}

active proctype daemon()
{
    byte recalls = 0;

    do
    :: recalls == RECALLS -> break
    :: else ->
        lock(memory_lock);
        given = false;
        asked++;
        done == asked;
        assert(!mapped); /* and so it stays: nothing is given while the lock is held */
        unlock(memory_lock);
        recalls++
    od
}

/* Whenever the daemon does not have it that the page may be used, and is not about to recall it, it cannot be. */
active proctype watch()
{
end_watch:
    do
    :: atomic { !memory_lock && !given && mapped -> assert(false) }
    od
}

init
{
    byte i = 0;

    atomic {
        do
        :: i == FAULTS -> break
        :: else -> run fault(); i++
        od
    }
}
