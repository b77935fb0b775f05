/* SPDX-License-Identifier: BSD-2-Clause */
/* cases.c - the cases of machbench, in the order in which they are printed. */
#include "subject.h"

#define SUBJECTS(...) ((const struct subject *const[]){__VA_ARGS__, NULL})
/* What passes a message to another process, and one back. */
#define RPC_PEERS                                                                                                      \
    &futex_rpc, &spin_rpc, &ring_rpc, &pipe_rpc, &stream_rpc, &seqpacket_rpc, &eventfd_rpc, &mqueue_rpc, &zmq_rpc,     \
        &nng_rpc, &dbus_rpc
#define FEW_PEERS &futex_rpc, &spin_rpc, &seqpacket_rpc

const struct bench_case bench_cases[] = {
    {"trap", 0, 1, SUBJECTS(&mach_trap, FEW_PEERS)},
    {"port", 0, 1, SUBJECTS(&mach_port, FEW_PEERS)},
    {"self-64", 64, 1, SUBJECTS(&mach_self, FEW_PEERS)},
    {"thread-rpc-64", 64, 1, SUBJECTS(&mach_thread_rpc, FEW_PEERS)},
    {"rpc-0", 0, 1, SUBJECTS(&mach_rpc, FEW_PEERS)},
    {"rpc-64", 64, 1, SUBJECTS(&mach_rpc, RPC_PEERS)},
    {"rpc-1K", 1024, 1, SUBJECTS(&mach_rpc, RPC_PEERS)},
    {"rpc-4K", 4096, 1, SUBJECTS(&mach_rpc, RPC_PEERS)},
    {"rpc-32K", 32768, 1,
     SUBJECTS(&mach_rpc, &futex_rpc, &spin_rpc, &ring_rpc, &pipe_rpc, &stream_rpc, &zmq_rpc, &nng_rpc, &dbus_rpc)},
    {"oneway-64", 64, BURST,
     SUBJECTS(&mach_oneway, &pipe_oneway, &stream_oneway, &seqpacket_oneway, &zmq_oneway, &nng_oneway)},
    {"right", 0, 1, SUBJECTS(&mach_right, FEW_PEERS)},
    {"memory-1M", MIB, 1, SUBJECTS(&mach_memory, &copy_fill_move, &stream_rpc, &pipe_rpc)},
    {"memory-16M", 16 * MIB, 1, SUBJECTS(&mach_memory, &copy_fill_move, &stream_rpc, &pipe_rpc)},
    {"memory-256M", LARGEST, 1, SUBJECTS(&mach_memory, &copy_fill_move, &stream_rpc, &pipe_rpc)},
    {"move-1M", MIB, 1, SUBJECTS(&mach_move, &memfd_move)},
    {"move-16M", 16 * MIB, 1, SUBJECTS(&mach_move, &memfd_move)},
    {"move-256M", LARGEST, 1, SUBJECTS(&mach_move, &memfd_move)},
    {"fill-move-1M", MIB, 1, SUBJECTS(&mach_fill_move, &memfd_fill_move, &copy_fill_move, &pipe_fill_move)},
    {"fill-move-16M", 16 * MIB, 1, SUBJECTS(&mach_fill_move, &memfd_fill_move, &copy_fill_move, &pipe_fill_move)},
    {"fill-move-256M", LARGEST, 1, SUBJECTS(&mach_fill_move, &memfd_fill_move, &copy_fill_move, &pipe_fill_move)},
    {"allocate-4K", 4096, 1, SUBJECTS(&mach_allocate, &host_allocate)},
    {"allocate-4M", 4 * MIB, 1, SUBJECTS(&mach_allocate, &host_allocate)},
    {"fault", 0, 1, SUBJECTS(&mach_fault, &host_fault)},
    {"copy-fault", 0, 1, SUBJECTS(&mach_copy_fault, &host_copy_fault)},
    {"vm-read-4K", 4096, 1, SUBJECTS(&mach_read, &host_read)},
    {"vm-read-1M", MIB, 1, SUBJECTS(&mach_read, &host_read)},
    {"vm-read-64M", 64 * MIB, 1, SUBJECTS(&mach_read, &host_read)},
    {"vm-write-4K", 4096, 1, SUBJECTS(&mach_write, &host_write)},
    {"vm-write-1M", MIB, 1, SUBJECTS(&mach_write, &host_write)},
    {"vm-write-64M", 64 * MIB, 1, SUBJECTS(&mach_write, &host_write)},
    {NULL, 0, 0, NULL},
};
