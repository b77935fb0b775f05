/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bell.pml - traps between clients and workers: machsim/hal/hosted/wire.h, worker.c, client.c; libmach/ring/trap.c.
 *
 * A client makes its request visible, then changes a bell, or two, then looks whether their workers sleep.  A worker says that it
 * sleeps, looks once more at everything, and then waits for its bell to change.  Of several that find the same slot, one begins
 * the trap.  Answers wake a client in its futex, or, if it has left that for its connection, by a byte there.  A trap may wait
 * until a signal interrupts its client, which says so and rings again.  Checked: every trap is done once and ends, whatever the
 * order; a worker that waits for ever is a good end, a client that does is not.
 *
 * Sizes: -DCLIENTS=2 -DWORKERS=1 -DTRAPS=1 -DWAITS=0
 * Sizes: -DCLIENTS=1 -DWORKERS=2 -DTRAPS=2 -DWAITS=0
 * Sizes: -DCLIENTS=1 -DWORKERS=2 -DTRAPS=2 -DWAITS=1
 */

mtype = { IDLE, REQUEST, POLLING, DONE };

mtype state[CLIENTS];   /* of each client's area */
bool asleep[CLIENTS];   /* in its futex */
byte sent[CLIENTS];     /* bytes at its connection */
bool busy[CLIENTS];     /* a worker has begun its trap, or looks whether it has asked for one */
bool done[CLIENTS];     /* someone has begun what it asks for now */
bool waits[CLIENTS];    /* what it asks for now ends when it is interrupted */
bool abort[CLIENTS];    /* the client: that is to be now */
bool stopped[CLIENTS];  /* of the thread's wait: WAIT_ABORTED */
bool waiting[CLIENTS];  /* the thread is in a list, where who ends its wait finds it */

typedef bell_t {
    bool slot[CLIENTS];
    bool summary, sleeping;
    byte rings;
    bool asleep;        /* the worker is in the bell's futex */
};
bell_t bell[WORKERS];

#define asking(c) (state[c] == REQUEST || state[c] == POLLING)

inline ring(w, c)
{
    bell[w].slot[c] = true;
    bell[w].summary = true;
    bell[w].rings++;
    if
    :: bell[w].sleeping -> bell[w].asleep = false
    :: else
    fi
}

proctype client(byte me)
{
    byte traps = 0;
    bool left, interrupted;

    do
    :: traps == TRAPS -> break
    :: else ->
        abort[me] = false;
        interrupted = false;
        atomic { done[me] = false; waits[me] = traps + WAITS >= TRAPS; state[me] = REQUEST };
        ring(0, me);
        if
        :: WORKERS > 1 -> ring(WORKERS - 1, me) /* a helper's bell first */
        :: true
        fi;
        left = false;
        do
        :: state[me] == DONE -> break
        :: state[me] != DONE && !left && WAITS == 0 -> /* where signals are looked at, sleeping is not */
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
        :: state[me] != DONE && waits[me] && !interrupted ->
            interrupted = true;
            abort[me] = true;
            ring(WORKERS - 1, me)
        od;
        do /* wake-ups that came too late to be wanted are taken off the connection */
        :: sent[me] > 0 -> sent[me]--
        :: else -> break
        od;
        state[me] = IDLE;
        traps++
    od
}

/* hal_thread_return: the client hears that it is done, and may ask for the next before its wake-up comes, or `busy` goes. */
inline answer(c)
{
    atomic { was = state[c]; state[c] = DONE };
    busy[c] = false;
    if
    :: asking(c) -> ring(me, c)
    :: else
    fi;
    if
    :: was == POLLING -> sent[c]++
    :: else -> asleep[c] = false
    fi
}

/* Ends the wait of a thread, if no one else has. */
inline end_wait(c)
{
    atomic { ended = waiting[c]; waiting[c] = false };
    if
    :: ended -> answer(c)
    :: else
    fi
}

inline begin(c)
{
    atomic { assert(!done[c]); done[c] = true };
    stopped[c] = false;
    if
    :: !waits[c] -> answer(c)
    :: else ->
        waiting[c] = true;
        if
        :: stopped[c] -> end_wait(c)
        :: else
        fi
    fi
}

/* client_trap */
inline trap(c)
{
    do
    :: atomic { !busy[c] -> busy[c] = true };
        if
        :: asking(c) ->
            begin(c);
            break
        :: else ->
            busy[c] = false;
            if
            :: asking(c) /* the worker that was rung for found it busy */
            :: else -> break
            fi
        fi
    :: busy[c] -> break
    od;
    if
    :: WAITS > 0 && busy[c] && abort[c] -> stopped[c] = true; end_wait(c)
    :: else
    fi
}

/* Does the traps that the bell tells of; `some`: there were. */
inline work()
{
    some = false;
    atomic { taken = bell[me].summary; bell[me].summary = false };
    if
    :: taken ->
        some = true;
        c = 0;
        do
        :: c == CLIENTS -> break
        :: else ->
            atomic { taken = bell[me].slot[c]; bell[me].slot[c] = false };
            if
            :: taken -> trap(c)
            :: else
            fi;
            c++
        od
    :: else
    fi
}

proctype worker(byte me)
{
    bool some, taken, ended;
    byte c, seen;
    mtype was;

    do
    :: work();
        if
        :: some
        :: else ->
            bell[me].sleeping = true;
            seen = bell[me].rings;
            work();
            if
            :: some
            :: else ->
                atomic {
                    if
                    :: bell[me].rings == seen -> bell[me].asleep = true
                    :: else
                    fi
                };
end_sleep:      !bell[me].asleep
            fi;
            bell[me].sleeping = false
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
        od;
        i = 0;
        do
        :: i == WORKERS -> break
        :: else -> run worker(i); i++
        od
    }
}
