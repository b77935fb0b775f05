/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lease.pml - the answer to a request that went by a channel: machsim/hal/hosted/channel.h, channel.c; libmach/direct/.
 *
 * The server answers by the slot, or lets machsim make its reply right a real one and answers with that, or lets go of it,
 * which is an answer too (a notification).  The client waits at the slot or in machsim, and changes from the first to the
 * second when it likes; or its reply port goes to another task, which then waits for the answer.
 * Checked: one answer comes, and no more.
 */
mtype = { FREE, OUTSTANDING, SETTLED, KEPT };
mtype = { LEASE_USED, LEASE_REPLYING, LEASE_NONE };

mtype slot = OUTSTANDING;
bool parked, sleeping, answered;
byte bell;
bool asleep;
mtype lease = LEASE_USED;
bool kept;        /* machsim has a right to the reply port for whoever answers */
byte queue;       /* answers in the reply port's queue */
byte answers;     /* that someone has received */
bool moved;       /* the reply port is another task's */

inline ring_slot()
{
    bell++;
    if
    :: sleeping -> asleep = false
    :: else
    fi
}

/* machsim makes the reply right real; `right`: it did. */
inline settle()
{
    right = false;
    if
    :: atomic { slot == OUTSTANDING -> slot = SETTLED }; right = true
    :: else ->
        if
        :: atomic { kept -> kept = false }; slot = SETTLED; right = true
        :: else
        fi
    fi
}

inline queue_answer()
{
    queue++;
    ring_slot()
}

/* machsim takes the answer out of the slot. */
inline pull_answer()
{
    if
    :: answered ->
        settle();
        if
        :: right -> queue_answer()
        :: else
        fi
    :: else
    fi
}

active proctype server()
{
    bool right, by_machsim;

    if
    :: atomic { lease == LEASE_USED -> lease = LEASE_REPLYING };
        if
        :: slot == OUTSTANDING && !parked ->
            answered = true;
            by_machsim = parked || slot == SETTLED || slot == KEPT;
            if
            :: by_machsim -> pull_answer()
            :: else ->
                if
                :: sleeping -> ring_slot()
                :: else
                fi
            fi;
            lease = LEASE_NONE
        :: else -> lease = LEASE_USED
        fi
    :: true /* it uses the right's name in some other way */
    fi;
    if
    :: atomic { lease == LEASE_USED -> lease = LEASE_NONE };
        settle();
        if
        :: right -> queue_answer() /* a message, or the notification that the right has gone */
        :: else
        fi
    :: else
    fi
}

inline take_queued() { atomic { queue > 0 -> queue--; answers++ } }

active proctype client()
{
    bool right;
    byte value;

    do
    :: /* look into the slot */
        if
        :: slot != OUTSTANDING || queue > 0 -> break
        :: answered ->
            if
            :: atomic { slot == OUTSTANDING -> slot = FREE; answers++ }; goto done
            :: else -> break
            fi
        :: else ->
            value = bell;
            sleeping = true;
            if
            :: answered || slot != OUTSTANDING || queue > 0
            :: else ->
                atomic {
                    if
                    :: bell == value -> asleep = true
                    :: else
                    fi
                };
                !asleep
            fi;
            sleeping = false
        fi
    :: break /* in machsim from now on */
    :: atomic { slot == OUTSTANDING -> slot = KEPT; kept = true; moved = true };
        pull_answer(); /* machsim does, after it has kept the right */
        break
    od;
    if
    :: !moved ->
        parked = true;
        pull_answer()
    :: else
    fi;
    take_queued();
done:
    assert(answers == 1)
}

/* Whoever has the reply port then finds no second answer. */
never {
    do
    :: assert(answers + queue <= 1)
    od
}
