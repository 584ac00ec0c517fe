"""Fills the connection tracking table of this network with established connections up to the kernel's limit.

Speaks to nfnetlink directly: one program start for each of some 260,000 entries would take too long.
"""

import socket
import struct

ADD = 0x0100  # NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW
REQUEST_CREATE = 0x401
NESTED = 0x8000
SEEN_REPLY, ASSURED, CONFIRMED = 2, 4, 8
TCP, ESTABLISHED = 6, 3


def attribute(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def half(kind, source, target, source_port, target_port):
    addresses = attribute(NESTED | 1, attribute(1, source) + attribute(2, target))
    ports = struct.pack("!H", source_port), struct.pack("!H", target_port)
    protocol = attribute(NESTED | 2, attribute(1, bytes([TCP])) + attribute(2, ports[0]) + attribute(3, ports[1]))
    return attribute(NESTED | kind, addresses + protocol)


def entry(number):
    source, port = socket.inet_aton(f"203.0.113.{number // 60000}"), 1024 + number % 60000
    target = socket.inet_aton("192.0.2.10")
    body = struct.pack("!BBH", socket.AF_INET, 0, 0)
    body += half(1, source, target, port, 80) + half(2, target, source, 80, port)
    body += attribute(3, struct.pack("!I", SEEN_REPLY | ASSURED | CONFIRMED))
    body += attribute(7, struct.pack("!I", 86400))
    body += attribute(NESTED | 4, attribute(NESTED | 1, attribute(1, bytes([ESTABLISHED]))))
    return struct.pack("=IHHII", 16 + len(body), ADD, REQUEST_CREATE, number, 0) + body


def value(name):
    with open(f"/proc/sys/net/netfilter/nf_conntrack_{name}", encoding="ascii") as file:
        return int(file.read())


netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
netlink.bind((0, 0))
netlink.setblocking(False)
limit = value("max")
for start in range(0, limit + 2000, 100):
    try:
        netlink.send(b"".join(entry(number) for number in range(start, start + 100)))
        while netlink.recv(1 << 16):
            pass
    except BlockingIOError:
        continue
print(value("count"), "of", limit)
