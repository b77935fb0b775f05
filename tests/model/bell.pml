/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bell.pml - traps between clients and a worker: machsim/hal/hosted/wire.h, worker.c, client.c; libmach/ring/trap.c.
 *
 * A client makes its request visible, then changes the bell, then looks whether the worker sleeps.  The worker says that it
 * sleeps, looks once more at everything, and then waits for the bell to change.  Answers wake a client in its futex, or, if
 * it has left that for its connection, by a byte there.  Checked: every trap ends, whatever the order; a worker that waits
 * for ever is a good end, a client that does is not.
 */
#define CLIENTS 2
#define TRAPS 2

mtype = { IDLE, REQUEST, POLLING, DONE };

mtype state[CLIENTS];   /* of each client's area */
bool asleep[CLIENTS];   /* in its futex */
byte sent[CLIENTS];     /* bytes at its connection */
bool slot[CLIENTS];     /* of the bell */
bool summary, sleeping; /* of the bell */
byte rings;
bool worker_asleep;     /* in the bell's futex */

inline wake_worker() { worker_asleep = false }
inline wake_client(c) { asleep[c] = false }

proctype client(byte me)
{
    byte traps = 0;
    bool left;

    do
    :: traps == TRAPS -> break
    :: else ->
        state[me] = REQUEST;
        slot[me] = true;
        summary = true;
        rings++;
        if
        :: sleeping -> wake_worker()
        :: else
        fi;
        left = false;
        do
        :: state[me] == DONE -> break
        :: state[me] != DONE && !left ->
            atomic { /* FUTEX_WAIT looks at the word and sleeps in one step */
                if
                :: state[me] == REQUEST -> asleep[me] = true
                :: else
                fi
            };
            if
            :: !asleep[me]
            :: asleep[me] -> /* its time is up: it goes over to the connection, unless it is answered just now */
                asleep[me] = false;
                atomic {
                    if
                    :: state[me] == REQUEST -> state[me] = POLLING; left = true
                    :: else
                    fi
                }
            fi
        :: left && sent[me] > 0 -> sent[me]--
        od;
        do /* wake-ups that came too late to be wanted are taken off the connection */
        :: sent[me] > 0 -> sent[me]--
        :: else -> break
        od;
        state[me] = IDLE;
        traps++
    od
}

/* Does the traps that the bell tells of; `some`: there were. */
inline work()
{
    some = false;
    atomic { taken = summary; summary = false };
    if
    :: taken ->
        some = true;
        c = 0;
        do
        :: c == CLIENTS -> break
        :: else ->
            atomic { taken = slot[c]; slot[c] = false };
            if
            :: taken && (state[c] == REQUEST || state[c] == POLLING) ->
                atomic { was = state[c]; state[c] = DONE };
                if
                :: was == POLLING -> sent[c]++
                :: else -> wake_client(c)
                fi
            :: else
            fi;
            c++
        od
    :: else
    fi
}

active proctype worker()
{
    bool some, taken;
    byte c, seen;
    mtype was;

    do
    :: work();
        if
        :: some
        :: else ->
            sleeping = true;
            seen = rings;
            work();
            if
            :: some
            :: else ->
                atomic {
                    if
                    :: rings == seen -> worker_asleep = true
                    :: else
                    fi
                };
end_sleep:      !worker_asleep
            fi;
            sleeping = false
        fi
    od
}

init
{
    byte i = 0;

    atomic {
        do
        :: i == CLIENTS -> break
        :: else -> state[i] = IDLE; run client(i); i++
        od
    }
}
