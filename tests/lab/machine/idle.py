"""Holds N connections to ADDRESS that never say a word, from SOURCE, and replaces each one that ends.

Arguments: N, ADDRESS, SOURCE, the shortest time in seconds between two attempts of one of them (default 0.5), and the
longest time in seconds that one is held (default: for ever).
"""

import socket
import sys
import threading
import time

count, address, source = int(sys.argv[1]), sys.argv[2], sys.argv[3]
pause = float(sys.argv[4]) if len(sys.argv) > 4 else 0.5
longest = float(sys.argv[5]) if len(sys.argv) > 5 else None


def hold():
    while True:
        try:
            with socket.create_connection((address, 22), source_address=(source, 0)) as connection:
                connection.settimeout(longest)
                while connection.recv(4096):
                    pass
        except OSError:
            pass
        time.sleep(pause)


for _ in range(count):
    threading.Thread(target=hold).start()
    time.sleep(0.02)
