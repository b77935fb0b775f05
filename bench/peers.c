/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peers.c - what the host has for passing bytes to another process and back: request and answer are of the same size, up
 * to SMALL; what is larger is answered by a byte.
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "machsim/hal/hosted/pause.h"
#include "must.h"
#include "subject.h"

#define SMALL ((size_t)65536)

static void *shared_memory(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    must(memory != MAP_FAILED, "mmap");
    return memory;
}

/* ---- shared memory and a futex, without spinning and with ----------------------------------------------- */

#define SPINS 2000

struct shared {
    _Atomic uint32_t turn; /* 0: the client's; 1: the server's */
    _Atomic uint32_t sleeps[2]; /* whose turn it will be sleeps: spinning */
    size_t size;
    _Alignas(64) unsigned char bytes[SMALL], reply[SMALL]; /* of the one and the other: each side copies in and out */
};

static struct shared *plain, *spun;
static unsigned char answer[SMALL + 1];

static void pass(struct shared *shared, uint32_t turn, bool spins)
{
    atomic_store(&shared->turn, turn);
    if (!spins || atomic_load(&shared->sleeps[turn]))
        syscall(SYS_futex, &shared->turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void wait_for(struct shared *shared, uint32_t turn, bool spins)
{
    for (unsigned i = 0; spins && i < SPINS; i++) {
        if (atomic_load(&shared->turn) == turn)
            return;
        processor_pause();
    }
    atomic_store(&shared->sleeps[turn], 1);
    while (atomic_load(&shared->turn) != turn)
        syscall(SYS_futex, &shared->turn, FUTEX_WAIT, !turn, NULL, NULL, 0);
    atomic_store(&shared->sleeps[turn], 0);
}

static bool start_shared(struct shared **place, bool spins)
{
    struct shared *shared = *place = shared_memory(sizeof *shared);

    if (!in_child())
        return true;
    for (;;) {
        wait_for(shared, 1, spins);
        memcpy(answer, shared->bytes, shared->size);
        memcpy(shared->reply, answer, shared->size);
        pass(shared, 0, spins);
    }
}

static bool start_plain(void)
{
    return start_shared(&plain, false);
}

static bool start_spun(void)
{
    return start_shared(&spun, true);
}

static void call_shared(struct shared *shared, size_t size, bool spins)
{
    shared->size = size;
    memcpy(shared->bytes, source, size);
    pass(shared, 1, spins);
    wait_for(shared, 0, spins);
    memcpy(answer, shared->reply, size);
}

static void call_plain(size_t size)
{
    call_shared(plain, size, false);
}

static void call_spun(size_t size)
{
    call_shared(spun, size, true);
}

const struct subject futex_rpc = {"futex", start_plain, call_plain};
const struct subject spin_rpc = {"spin", start_spun, call_spun};

/* ---- two rings in shared memory, spinning and then with a futex ------------------------------------------- */

#define RING_SLOTS 8u

/* Of one who puts messages in and one who takes them out. */
struct ring {
    _Alignas(64) _Atomic uint32_t tail; /* messages so far; futex */
    _Atomic uint32_t sleeps;            /* who is to take the next one does */
    _Alignas(64) _Atomic uint32_t head; /* taken so far */
    struct {
        _Alignas(64) size_t size;
        _Alignas(64) unsigned char bytes[SMALL];
    } slots[RING_SLOTS];
};

static struct ring *rings; /* requests, answers */

static void ring_put(struct ring *ring, const unsigned char *bytes, size_t size)
{
    const uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

    must(tail - atomic_load_explicit(&ring->head, memory_order_acquire) < RING_SLOTS, "room in a ring");
    ring->slots[tail % RING_SLOTS].size = size;
    memcpy(ring->slots[tail % RING_SLOTS].bytes, bytes, size);
    atomic_store(&ring->tail, tail + 1);
    if (atomic_load(&ring->sleeps))
        syscall(SYS_futex, &ring->tail, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void ring_wait(struct ring *ring, uint32_t head)
{
    for (unsigned i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(&ring->tail, memory_order_acquire) != head)
            return;
        processor_pause();
    }
    atomic_store(&ring->sleeps, 1);
    while (atomic_load(&ring->tail) == head)
        syscall(SYS_futex, &ring->tail, FUTEX_WAIT, head, NULL, NULL, 0);
    atomic_store(&ring->sleeps, 0);
}

static size_t ring_take(struct ring *ring, unsigned char *bytes)
{
    const uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

    ring_wait(ring, head);
    const size_t size = ring->slots[head % RING_SLOTS].size;

    memcpy(bytes, ring->slots[head % RING_SLOTS].bytes, size);
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
    return size;
}

static bool start_rings(void)
{
    rings = shared_memory(2 * sizeof *rings);
    if (!in_child())
        return true;
    for (;;)
        ring_put(&rings[1], answer, ring_take(&rings[0], answer));
}

static void call_rings(size_t size)
{
    ring_put(&rings[0], source, size);
    (void)ring_take(&rings[1], answer);
}

const struct subject ring_rpc = {"ring", start_rings, call_rings};

/* ---- streams: a pair of pipes, a socket ------------------------------------------------------------------ */

struct stream {
    int client_in, client_out, server_in, server_out;
};

static struct stream pipes, stream;

static bool start_stream(const struct stream *s)
{
    if (!in_child())
        return true;
    unsigned char *bytes = mmap(NULL, LARGEST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    must(bytes != MAP_FAILED, "mmap");
    for (size_t size;;) {
        read_all(s->server_in, &size, sizeof size);
        read_all(s->server_in, bytes, size);
        write_all(s->server_out, bytes, size > SMALL ? 1 : size + 1);
    }
}

static void call_stream(const struct stream *s, size_t size)
{
    write_all(s->client_out, &size, sizeof size);
    write_all(s->client_out, source, size);
    read_all(s->client_in, answer, size > SMALL ? 1 : size + 1);
}

static bool start_pipes(void)
{
    int to[2], from[2];

    must(pipe(to) == 0 && pipe(from) == 0, "pipe");
    pipes = (struct stream){.client_in = from[0], .client_out = to[1], .server_in = to[0], .server_out = from[1]};
    return start_stream(&pipes);
}

static bool start_socket(void)
{
    int ends[2];

    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
    stream = (struct stream){.client_in = ends[0], .client_out = ends[0], .server_in = ends[1], .server_out = ends[1]};
    return start_stream(&stream);
}

static void call_pipes(size_t size)
{
    call_stream(&pipes, size);
}

static void call_socket(size_t size)
{
    call_stream(&stream, size);
}

const struct subject pipe_rpc = {"pipe", start_pipes, call_pipes};
const struct subject stream_rpc = {"stream", start_socket, call_socket};

/* ---- messages: a socket, a POSIX queue -------------------------------------------------------------------- */

static int packet_ends[2];

static bool start_packets(void)
{
    static unsigned char bytes[SMALL];
    ssize_t size;

    must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, packet_ends) == 0, "socketpair");
    if (!in_child())
        return true;
    while ((size = recv(packet_ends[1], bytes, sizeof bytes, 0)) > 0)
        must(send(packet_ends[1], bytes, (size_t)size, MSG_NOSIGNAL) == size, "send");
    _exit(EXIT_SUCCESS);
}

/* One byte more: a packet of none is the end. */
static void call_packets(size_t size)
{
    must(send(packet_ends[0], source, size + 1, MSG_NOSIGNAL) == (ssize_t)size + 1, "send");
    must(recv(packet_ends[0], answer, sizeof answer, 0) == (ssize_t)size + 1, "recv");
}

const struct subject seqpacket_rpc = {"seqpacket", start_packets, call_packets};

#define QUEUE_SIZE 8192

static mqd_t queue_to, queue_from;

static mqd_t open_queue(const char *what)
{
    const struct mq_attr attributes = {.mq_maxmsg = 8, .mq_msgsize = QUEUE_SIZE};
    char name[64];

    snprintf(name, sizeof name, "/machbench-%d-%s", (int)getpid(), what);
    const mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);

    if (queue != (mqd_t)-1)
        mq_unlink(name);
    return queue;
}

static bool start_queues(void)
{
    static char bytes[QUEUE_SIZE];
    ssize_t size;

    queue_to = open_queue("to");
    queue_from = open_queue("from");
    if (queue_to == (mqd_t)-1 || queue_from == (mqd_t)-1)
        return false;
    if (!in_child())
        return true;
    while ((size = mq_receive(queue_to, bytes, sizeof bytes, NULL)) >= 0)
        must(mq_send(queue_from, bytes, (size_t)size, 0) == 0, "mq_send");
    _exit(EXIT_FAILURE);
}

static void call_queues(size_t size)
{
    must(mq_send(queue_to, (char *)source, size, 0) == 0, "mq_send");
    must(mq_receive(queue_from, (char *)answer, sizeof answer, NULL) == (ssize_t)size, "mq_receive");
}

const struct subject mqueue_rpc = {"mqueue", start_queues, call_queues};

/* ---- shared memory and two eventfds ------------------------------------------------------------------------ */

static int event_to, event_from;
static unsigned char *event_bytes;

static void signal_event(int file)
{
    must(write(file, &(uint64_t){1}, sizeof(uint64_t)) == sizeof(uint64_t), "write");
}

static void wait_event(int file)
{
    uint64_t count;

    must(read(file, &count, sizeof count) == sizeof count, "read");
}

static bool start_events(void)
{
    event_to = eventfd(0, 0);
    event_from = eventfd(0, 0);
    event_bytes = shared_memory(SMALL);
    must(event_to >= 0 && event_from >= 0, "eventfd");
    if (!in_child())
        return true;
    for (;;) {
        wait_event(event_to);
        signal_event(event_from);
    }
}

static void call_events(size_t size)
{
    memcpy(event_bytes, source, size);
    signal_event(event_to);
    wait_event(event_from);
    memcpy(answer, event_bytes, size);
}

const struct subject eventfd_rpc = {"eventfd", start_events, call_events};

/* ---- one way ----------------------------------------------------------------------------------------------- */

/* A server that takes bursts of messages, and answers each burst by a byte. */
struct oneway {
    int client, server; /* where messages go */
    int done_in, done_out;
    bool packets;
};

static bool start_oneway(struct oneway *way)
{
    static unsigned char bytes[64];
    int done[2];

    must(pipe(done) == 0, "pipe");
    way->done_in = done[0];
    way->done_out = done[1];
    if (!in_child())
        return true;
    for (unsigned count = 1;; count++) {
        if (way->packets)
            must(recv(way->server, bytes, sizeof bytes, 0) == sizeof bytes, "recv");
        else
            read_all(way->server, bytes, sizeof bytes);
        if (count % BURST == 0)
            write_all(way->done_out, "d", 1);
    }
}

static void call_oneway(const struct oneway *way, size_t size)
{
    for (unsigned i = 0; i < BURST; i++)
        write_all(way->client, source, size);
    read_all(way->done_in, answer, 1);
}

static struct oneway pipe_way, stream_way, packet_way = {.packets = true};

static bool start_pipe_way(void)
{
    int ends[2];

    must(pipe(ends) == 0, "pipe");
    pipe_way.client = ends[1];
    pipe_way.server = ends[0];
    return start_oneway(&pipe_way);
}

static bool start_socket_way(struct oneway *way, int kind)
{
    int ends[2];

    must(socketpair(AF_UNIX, kind, 0, ends) == 0, "socketpair");
    way->client = ends[0];
    way->server = ends[1];
    return start_oneway(way);
}

static bool start_stream_way(void)
{
    return start_socket_way(&stream_way, SOCK_STREAM);
}

static bool start_packet_way(void)
{
    return start_socket_way(&packet_way, SOCK_SEQPACKET);
}

static void call_pipe_way(size_t size)
{
    call_oneway(&pipe_way, size);
}

static void call_stream_way(size_t size)
{
    call_oneway(&stream_way, size);
}

static void call_packet_way(size_t size)
{
    call_oneway(&packet_way, size);
}

const struct subject pipe_oneway = {"pipe", start_pipe_way, call_pipe_way};
const struct subject stream_oneway = {"stream", start_stream_way, call_stream_way};
const struct subject seqpacket_oneway = {"seqpacket", start_packet_way, call_packet_way};
