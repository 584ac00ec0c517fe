#!/usr/bin/env python3
"""terminal.py MILLISECONDS INPUT COMMAND...: runs a command on a terminal that is closed after that time. Its standard input
is the file INPUT. Ends as the command did."""

import os
import pty
import select
import sys
import time

# Closed by the exec: before it there is nothing that could lose a terminal.
begun, begins = os.pipe()
pid, terminal = pty.fork()
if pid == 0:
    source = os.open(sys.argv[2], os.O_RDONLY)
    os.dup2(source, 0)
    os.execv(sys.argv[3], sys.argv[3:])
os.close(begins)
os.read(begun, 1)
end = time.monotonic() + int(sys.argv[1]) / 1000
while (left := end - time.monotonic()) > 0:
    if select.select([terminal], [], [], left)[0]:
        try:
            if not os.read(terminal, 65536):
                break
        except OSError:
            break
os.close(terminal)
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(status if status >= 0 else 128 - status)
