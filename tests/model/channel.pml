/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * channel.pml - requests by a channel, and past it: machsim/hal/hosted/channel.h, direct_port.c; libmach/direct/.
 *
 * A sender puts each message into the ring or gives it to machsim, as it likes.  The receiver looks into the ring, sleeps
 * at the port's bell, and goes to machsim when it has slept long, or when it likes.  machsim pulls what is in the ring.
 * Checked: messages arrive in order and once, and a receiver that still lacks some does not sleep for ever.
 */
#define MESSAGES 4

byte ring[MESSAGES], tail, head;  /* of the channel */
bool ready, parked;               /* of the port's page */
byte sleeping, bell;
byte queued, pulling;             /* of the receiver's record */

chan queue = [MESSAGES] of { byte }; /* machsim's, under port_lock */
bool pull_lock, port_lock;
bool waits;                       /* the receiver does, in machsim */
byte handed;                      /* a message that it was given there */
bool asleep;                      /* in the futex of the bell */

inline acquire(lock) { atomic { !lock -> lock = true } }
inline release(lock) { lock = false }

inline ring_bell()
{
    if
    :: atomic { sleeping > 0 -> sleeping-- }; bell++; asleep = false
    :: else
    fi
}

/* Puts a message behind those in the queue, or gives it to who waits. */
inline post(m)
{
    acquire(port_lock);
    if
    :: waits && len(queue) == 0 -> waits = false; parked = false; handed = m
    :: else -> queue!m; queued = len(queue); ring_bell()
    fi;
    release(port_lock)
}

inline pull(at, seen, m)
{
    acquire(pull_lock);
    ready = false;
    pulling++;
    do
    :: at = head;
        seen = tail;
        if
        :: at == seen -> break
        :: else ->
            m = ring[at];
            if
            :: atomic { head == at -> head++ }; post(m)
            :: else
            fi
        fi
    od;
    pulling--;
    release(pull_lock)
}

active proctype sender()
{
    byte i = 1, at, seen, m;

    do
    :: i > MESSAGES -> break
    :: i <= MESSAGES && !parked ->
        ring[tail] = i;
        tail++;
        if
        :: !ready -> ready = true
        :: else
        fi;
        if
        :: parked -> pull(at, seen, m)
        :: else -> ring_bell()
        fi;
        i++
    :: i <= MESSAGES -> /* with rights, say */
        pull(at, seen, m);
        post(i);
        i++
    od
}

inline got(m)
{
    next++;
    assert(m == next)
}

/* mach_msg by a trap. */
inline receive_in_machsim()
{
    pull(at, seen, m);
    acquire(port_lock);
    if
    :: len(queue) > 0 -> queue?m; queued = len(queue); release(port_lock)
    :: else ->
        waits = true;
        parked = true;
        release(port_lock);
        pull(at, seen, m); /* deferred: who did not see `parked` in time has left something */
        handed != 0;
        m = handed;
        handed = 0
    fi;
    got(m)
}

active proctype receiver()
{
    byte next = 0, at, seen, m, value;

    do
    :: next == MESSAGES -> break
    :: next < MESSAGES -> receive_in_machsim()
    :: next < MESSAGES ->
        if
        :: pulling > 0 || queued > 0 -> receive_in_machsim()
        :: else ->
            at = head;
            seen = tail;
            if
            :: ready && at == seen ->
                ready = false;
                seen = tail;
                if
                :: at != seen -> ready = true
                :: else
                fi
            :: else
            fi;
            if
            :: ready && at != seen ->
                m = ring[at];
                if
                :: pulling > 0 -> receive_in_machsim()
                :: else ->
                if
                :: queued > 0 -> receive_in_machsim()
                :: else ->
                    if
                    :: atomic { head == at -> head++ }; got(m)
                    :: else -> receive_in_machsim()
                    fi
                fi
                fi
            :: else ->
                value = bell;
                sleeping++;
                if
                :: ready || pulling > 0 || queued > 0
                :: else ->
                    atomic {
                        if
                        :: bell == value -> asleep = true
                        :: else
                        fi
                    };
                    !asleep /* no time-out: it must not be needed */
                fi
            fi
        fi
    od
}
