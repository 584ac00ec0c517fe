"""Serves PORT on IPv4 and IPv6: every connection gets the TEXT (may be empty; backslash escapes are understood), then is held open.

Arguments: PORT, TEXT, `close` to end each connection after the text instead of holding it, `ipv4` to leave IPv6 alone.
"""

import socket
import sys

port, text = int(sys.argv[1]), sys.argv[2].encode().decode("unicode_escape").encode("latin-1")
held = []
both = "ipv4" not in sys.argv[3:]
family = socket.AF_INET6 if both else socket.AF_INET
with socket.create_server(("", port), family=family, dualstack_ipv6=both) as server:
    while True:
        connection, _ = server.accept()
        connection.sendall(text)
        if "close" in sys.argv[3:]:
            connection.close()
        else:
            held.append(connection)
