"""Runs a command on a terminal of its own and answers what it asks; prints all that it shows.

Arguments: pairs of a text to wait for and the keys to send then, `--`, the command.
"""

import os
import pty
import select
import sys
import time

split = sys.argv.index("--")
dialogue, command = sys.argv[1:split], sys.argv[split + 1 :]
child, terminal = pty.fork()
if child == 0:
    os.environ.pop("SSH_CONNECTION", None)
    os.execvp(command[0], command)

seen, position, deadline = b"", 0, time.monotonic() + 80
while time.monotonic() < deadline:
    if dialogue and dialogue[0].encode() in seen[position:]:
        position = len(seen)
        time.sleep(0.3)
        os.write(terminal, dialogue[1].encode().decode("unicode_escape").encode())
        dialogue = dialogue[2:]
    if select.select([terminal], [], [], 0.2)[0]:
        try:
            read = os.read(terminal, 4096)
        except OSError:
            break
        seen += read
sys.stdout.write(seen.decode(errors="replace"))
if dialogue:
    sys.exit(f"it never asked {dialogue[0]!r}")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
