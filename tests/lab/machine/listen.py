"""Serves PORT: every connection gets the TEXT (may be empty; backslash escapes are understood), then is held open.

Arguments: PORT, TEXT, and `close` to end each connection after the text instead of holding it.
"""

import socket
import sys

port, text = int(sys.argv[1]), sys.argv[2].encode().decode("unicode_escape").encode("latin-1")
held = []
with socket.create_server(("", port)) as server:
    while True:
        connection, _ = server.accept()
        connection.sendall(text)
        if "close" in sys.argv[3:]:
            connection.close()
        else:
            held.append(connection)
