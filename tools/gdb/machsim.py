# SPDX-License-Identifier: BSD-2-Clause
# Commands of gdb's for the kernel that boots (make gdb-kernel): its tasks, their threads, ports and maps.
#   mach tasks          all tasks
#   mach threads [PID]  threads, of one task or of all, and where they are in their programs
#   mach ports PID      the rights of a task
#   mach map PID        what a task has mapped
#   mach processors     what each processor does
import gdb

RIGHTS = {1 << 16: "send", 1 << 17: "receive", 1 << 18: "send-once", 1 << 19: "set", 1 << 20: "dead"}
PLACES = ["in the kernel", "in a program", "copying", "idle"]
TURNS = ["working", "ready", "running", "stopped"]


def value(expression):
    return gdb.parse_and_eval(expression)


def pointer_to(type_name):
    return gdb.lookup_type(type_name).pointer()


def container(link, type_name, member):
    """The structure whose member, a link, is at an address."""
    offset = [f.bitpos // 8 for f in gdb.lookup_type(type_name).fields() if f.name == member][0]
    return gdb.Value(int(link) - offset).cast(pointer_to(type_name))


def listed(head, type_name, member):
    link = head["next"]
    while int(link) != int(head.address):
        yield container(link, type_name, member)
        link = link["next"]


def tasks():
    return listed(value("tasks"), "struct task", "link")


def task_of(argument):
    for task in tasks():
        if int(task["identity"]["pid"]) == int(argument):
            return task
    raise gdb.GdbError("there is no task %s: mach tasks lists them" % argument)


class Mach(gdb.Command):
    """Tasks, threads, ports and maps of the kernel: mach tasks, threads, ports, map, processors."""

    def __init__(self):
        super().__init__("mach", gdb.COMMAND_DATA, prefix=True)


class Tasks(gdb.Command):
    """mach tasks: all tasks."""

    def __init__(self):
        super().__init__("mach tasks", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        print("%5s %18s %7s %6s %9s %9s" % ("task", "at", "threads", "names", "suspended", "map KiB"))
        for task in tasks():
            size = int(task["map"]["size"]) // 1024 if int(task["map"]) else 0
            print("%5d %18s %7d %6d %9d %9d" % (int(task["identity"]["pid"]), hex(int(task)), int(task["thread_count"]),
                                                int(task["space"]["names"]), int(task["suspended"]), size))


class Threads(gdb.Command):
    """mach threads [PID]: threads of a task, or of all."""

    def __init__(self):
        super().__init__("mach threads", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        print("%5s %18s %-9s %5s %18s %18s" % ("task", "thread at", "turn", "holds", "program at", "its stack at"))
        for task in [task_of(argument)] if argument else tasks():
            for thread in listed(task["threads"], "struct thread", "link"):
                program = thread["hal"].cast(pointer_to("struct program"))
                registers = program["registers"]
                print("%5d %18s %-9s %5d %18s %18s" % (int(task["identity"]["pid"]), hex(int(thread)),
                                                       TURNS[int(program["turn"])], int(program["stays"]) // 4,
                                                       hex(int(registers["rip"])), hex(int(registers["rsp"]))))


class Ports(gdb.Command):
    """mach ports PID: the rights of a task."""

    def __init__(self):
        super().__init__("mach ports", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        space = task_of(argument)["space"]
        directory = space["directory"].cast(pointer_to("struct ipc_directory"))
        print("%10s %-24s %18s %8s %6s" % ("name", "rights", "port at", "messages", "limit"))
        for number in range(int(directory["size"])):
            chunk = (directory["chunks"].address.cast(pointer_to("struct ipc_chunk").pointer()) + number).dereference()
            if int(chunk) == 0:
                continue
            for i in range(chunk["entries"].type.range()[1] + 1):
                self.show(number * (chunk["entries"].type.range()[1] + 1) + i, chunk["entries"][i])

    def show(self, index, entry):
        bits = int(entry["bits"])
        rights = [name for bit, name in RIGHTS.items() if bits & bit]
        if not rights:
            return
        name = index << 8 | (bits >> 24) & 0xff
        messages = limit = ""
        if "receive" in rights:
            port = entry["object"].cast(pointer_to("struct ipc_port"))
            messages, limit = int(port["message_count"]), int(port["queue_limit"])
        print("%10s %-24s %18s %8s %6s" % (hex(name | 3), " ".join(rights), hex(int(entry["object"])), messages, limit))


class Map(gdb.Command):
    """mach map PID: what a task has mapped."""

    def __init__(self):
        super().__init__("mach map", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        print("%18s %18s %-4s %-4s %18s %10s" % ("from", "up to", "may", "max", "object at", "offset"))
        map = task_of(argument)["map"]
        self.walk(map["entries"]["root"], int(map["head"].address))

    def walk(self, node, head):
        if int(node) == 0:
            return
        self.walk(node["child"][0], head)
        entry = container(node, "struct vm_map_entry", "node")
        if int(entry) != head:
            print("%18s %18s %-4s %-4s %18s %10s" % (hex(int(node["key"])), hex(int(entry["end"])),
                                                     rights_of(entry["protection"]), rights_of(entry["max_protection"]),
                                                     hex(int(entry["object"])), hex(int(entry["offset"]))))
        self.walk(node["child"][1], head)


def rights_of(protection):
    return "".join(letter if int(protection) & bit else "-" for bit, letter in ((1, "r"), (2, "w"), (4, "x")))


class Processors(gdb.Command):
    """mach processors: what each processor does."""

    def __init__(self):
        super().__init__("mach processors", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        for i in range(int(value("processor_count"))):
            cpu = value("processors[%d]" % i)
            task = ""
            if int(cpu["current"]):
                task = ", last for task %d" % int(cpu["current"]["thread"]["task"]["identity"]["pid"])
            print("processor %d: %s%s" % (i, PLACES[int(cpu["place"])], task))


for command in (Mach, Tasks, Threads, Ports, Map, Processors):
    command()
