/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libraries.c - what libraries have for passing messages between processes, those that were there when this was built:
 * ZeroMQ and nng over ipc://, and sd-bus over a socket of its own, without a daemon between.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config.h"
#include "must.h"
#include "subject.h"

/* ---- a folder for sockets, as long as this process runs ------------------------------------------------- */

static char folder[80];
static pid_t owner;

static void remove_folder(void)
{
    DIR *files = owner == getpid() ? opendir(folder) : NULL;

    if (files == NULL)
        return;
    for (const struct dirent *file; (file = readdir(files)) != NULL;)
        (void)unlinkat(dirfd(files), file->d_name, 0); /* "." and ".." stay */
    closedir(files);
    (void)rmdir(folder);
}

static void make_folder(void)
{
    const char *where = getenv("TMPDIR");

    snprintf(folder, sizeof folder, "%.60s/machbench-XXXXXX", where == NULL ? "/tmp" : where);
    must(mkdtemp(folder) != NULL, folder);
    owner = getpid();
    atexit(remove_folder);
}

/* A socket's address there; called before there are children. */
static __attribute__((unused)) const char *address_of(const char *what)
{
    static char text[128];

    if (owner == 0)
        make_folder();
    snprintf(text, sizeof text, "ipc://%s/%s", folder, what);
    return text;
}

/* ---- ZeroMQ ---------------------------------------------------------------------------------------- */

#ifdef HAVE_ZMQ
#include <zmq.h>

static void *zmq_client, *zmq_pusher, *zmq_done;
static unsigned char zmq_bytes[65536];

/* A socket in a context of the process's own: a child has none of its parent's. */
static void *zmq_open(int kind, const char *address, bool binds)
{
    static void *context;
    static pid_t owner;

    if (context == NULL || owner != getpid())
        context = zmq_ctx_new();
    owner = getpid();
    void *s = zmq_socket(context, kind);

    must(s != NULL && (binds ? zmq_bind(s, address) : zmq_connect(s, address)) == 0, "zmq_socket");
    return s;
}

static bool start_zmq(void)
{
    const char *address = address_of("zmq");

    if (in_child()) {
        void *server = zmq_open(ZMQ_REP, address, true);

        for (int size; (size = zmq_recv(server, zmq_bytes, sizeof zmq_bytes, 0)) >= 0;)
            zmq_send(server, zmq_bytes, (size_t)size, 0);
        _exit(EXIT_FAILURE);
    }
    zmq_client = zmq_open(ZMQ_REQ, address, false);
    return true;
}

static void call_zmq(size_t size)
{
    must(zmq_send(zmq_client, source, size, 0) == (int)size, "zmq_send");
    must(zmq_recv(zmq_client, zmq_bytes, sizeof zmq_bytes, 0) == (int)size, "zmq_recv");
}

static bool start_zmq_oneway(void)
{
    char to[128], from[128];

    snprintf(to, sizeof to, "%s", address_of("zmq-push"));
    snprintf(from, sizeof from, "%s", address_of("zmq-done"));
    if (in_child()) {
        void *puller = zmq_open(ZMQ_PULL, to, true), *done = zmq_open(ZMQ_PUSH, from, false);

        for (unsigned count = 1; zmq_recv(puller, zmq_bytes, sizeof zmq_bytes, 0) >= 0; count++)
            if (count % BURST == 0)
                zmq_send(done, "d", 1, 0);
        _exit(EXIT_FAILURE);
    }
    zmq_done = zmq_open(ZMQ_PULL, from, true);
    zmq_pusher = zmq_open(ZMQ_PUSH, to, false);
    return true;
}

static void call_zmq_oneway(size_t size)
{
    for (unsigned i = 0; i < BURST; i++)
        must(zmq_send(zmq_pusher, source, size, 0) == (int)size, "zmq_send");
    must(zmq_recv(zmq_done, zmq_bytes, sizeof zmq_bytes, 0) == 1, "zmq_recv");
}
#else
#define start_zmq not_here
#define call_zmq no_call
#define start_zmq_oneway not_here
#define call_zmq_oneway no_call
#endif

/* ---- nng ------------------------------------------------------------------------------------------- */

#ifdef HAVE_NNG
#include <nng/nng.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>

static nng_socket nng_client, nng_pusher, nng_done;
static unsigned char nng_bytes[65536];

static void must_nng(int error, const char *what)
{
    if (error == 0)
        return;
    fprintf(stderr, "machbench: %s failed: %s\n", what, nng_strerror(error));
    exit(EXIT_FAILURE);
}

static void serve_nng(void)
{
    nng_socket server;

    must_nng(nng_rep0_open(&server), "nng_rep0_open");
    must_nng(nng_listen(server, address_of("nng"), NULL, 0), "nng_listen");
    for (size_t size = sizeof nng_bytes; nng_recv(server, nng_bytes, &size, 0) == 0; size = sizeof nng_bytes)
        must_nng(nng_send(server, nng_bytes, size, 0), "nng_send");
}

static void pull_nng(void)
{
    nng_socket puller, done;
    unsigned count = 1;

    must_nng(nng_pull0_open(&puller), "nng_pull0_open");
    must_nng(nng_listen(puller, address_of("nng-push"), NULL, 0), "nng_listen");
    must_nng(nng_push0_open(&done), "nng_push0_open");
    must_nng(nng_dial(done, address_of("nng-done"), NULL, NNG_FLAG_NONBLOCK), "nng_dial");
    for (size_t size = sizeof nng_bytes; nng_recv(puller, nng_bytes, &size, 0) == 0; size = sizeof nng_bytes)
        if (count++ % BURST == 0)
            must_nng(nng_send(done, (char *)"d", 1, 0), "nng_send");
}

static void nng_child(void (*serve)(void))
{
    if (!in_child())
        return;
    serve();
    _exit(EXIT_FAILURE);
}

/* All servers are made before this process calls nng for the first time: it does not outlive a fork. */
static bool start_nng(void)
{
    static bool started;

    if (started)
        return true;
    (void)address_of(""); /* the folder is there before children are */
    nng_child(serve_nng);
    nng_child(pull_nng);
    must_nng(nng_req0_open(&nng_client), "nng_req0_open");
    must_nng(nng_dial(nng_client, address_of("nng"), NULL, NNG_FLAG_NONBLOCK), "nng_dial");
    must_nng(nng_pull0_open(&nng_done), "nng_pull0_open");
    must_nng(nng_listen(nng_done, address_of("nng-done"), NULL, 0), "nng_listen");
    must_nng(nng_push0_open(&nng_pusher), "nng_push0_open");
    must_nng(nng_dial(nng_pusher, address_of("nng-push"), NULL, NNG_FLAG_NONBLOCK), "nng_dial");
    return started = true;
}

static void call_nng(size_t size)
{
    size_t got = sizeof nng_bytes;

    must_nng(nng_send(nng_client, source, size, 0), "nng_send");
    must_nng(nng_recv(nng_client, nng_bytes, &got, 0), "nng_recv");
}

static void call_nng_oneway(size_t size)
{
    size_t got = sizeof nng_bytes;

    for (unsigned i = 0; i < BURST; i++)
        must_nng(nng_send(nng_pusher, source, size, 0), "nng_send");
    must_nng(nng_recv(nng_done, nng_bytes, &got, 0), "nng_recv");
}
#else
#define start_nng not_here
#define call_nng no_call
#define call_nng_oneway no_call
#endif

/* ---- D-Bus ----------------------------------------------------------------------------------------- */

#ifdef HAVE_SD_BUS
#include <systemd/sd-bus.h>

static sd_bus *bus;

static void must_bus(int result, const char *what)
{
    if (result >= 0)
        return;
    fprintf(stderr, "machbench: %s failed: %s\n", what, strerror(-result));
    exit(EXIT_FAILURE);
}

static int echo(sd_bus_message *message, void *context, sd_bus_error *error)
{
    const void *bytes;
    size_t size;

    (void)context, (void)error;
    must_bus(sd_bus_message_read_array(message, 'y', &bytes, &size), "sd_bus_message_read_array");
    sd_bus_message *reply;

    must_bus(sd_bus_message_new_method_return(message, &reply), "sd_bus_message_new_method_return");
    must_bus(sd_bus_message_append_array(reply, 'y', bytes, size), "sd_bus_message_append_array");
    must_bus(sd_bus_send(NULL, reply, NULL), "sd_bus_send");
    sd_bus_message_unref(reply);
    return 1;
}

static void serve_bus(int file)
{
    static const sd_bus_vtable table[] = {SD_BUS_VTABLE_START(0), SD_BUS_METHOD("Echo", "ay", "ay", echo, SD_BUS_VTABLE_UNPRIVILEGED),
                                          SD_BUS_VTABLE_END};
    sd_id128_t id = {.bytes = {1}};

    must_bus(sd_bus_new(&bus), "sd_bus_new");
    must_bus(sd_bus_set_fd(bus, file, file), "sd_bus_set_fd");
    must_bus(sd_bus_set_server(bus, 1, id), "sd_bus_set_server");
    must_bus(sd_bus_set_anonymous(bus, 1), "sd_bus_set_anonymous");
    must_bus(sd_bus_start(bus), "sd_bus_start");
    must_bus(sd_bus_add_object_vtable(bus, NULL, "/echo", "org.example.Echo", table, NULL), "sd_bus_add_object_vtable");
    for (int result; (result = sd_bus_process(bus, NULL)) >= 0;)
        if (result == 0)
            must_bus(sd_bus_wait(bus, UINT64_MAX), "sd_bus_wait");
}

static bool start_dbus(void)
{
    int ends[2];

    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
    if (in_child()) {
        serve_bus(ends[1]);
        _exit(EXIT_FAILURE);
    }
    must_bus(sd_bus_new(&bus), "sd_bus_new");
    must_bus(sd_bus_set_fd(bus, ends[0], ends[0]), "sd_bus_set_fd");
    must_bus(sd_bus_set_anonymous(bus, 1), "sd_bus_set_anonymous");
    must_bus(sd_bus_start(bus), "sd_bus_start");
    return true;
}

static void call_dbus(size_t size)
{
    sd_bus_message *call, *reply;

    must_bus(sd_bus_message_new_method_call(bus, &call, NULL, "/echo", "org.example.Echo", "Echo"), "sd_bus_message_new");
    must_bus(sd_bus_message_append_array(call, 'y', source, size), "sd_bus_message_append_array");
    must_bus(sd_bus_call(bus, call, UINT64_MAX, NULL, &reply), "sd_bus_call");
    sd_bus_message_unref(call);
    sd_bus_message_unref(reply);
}
#else
#define start_dbus not_here
#define call_dbus no_call
#endif

static __attribute__((unused)) bool not_here(void)
{
    return false;
}

static __attribute__((unused)) void no_call(size_t size)
{
    (void)size;
}

const struct subject zmq_rpc = {"zeromq", start_zmq, call_zmq};
const struct subject zmq_oneway = {"zeromq", start_zmq_oneway, call_zmq_oneway};
const struct subject nng_rpc = {"nng", start_nng, call_nng};
const struct subject nng_oneway = {"nng", start_nng, call_nng_oneway};
const struct subject dbus_rpc = {"sd-bus", start_dbus, call_dbus};
