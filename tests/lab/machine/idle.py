"""Holds N connections to ADDRESS that never say a word, from SOURCE, and replaces each one that ends.

Arguments: N, ADDRESS, SOURCE, and the shortest time in seconds between two attempts of one of them (default 0.5).
"""

import socket
import sys
import threading
import time

count, address, source = int(sys.argv[1]), sys.argv[2], sys.argv[3]
pause = float(sys.argv[4]) if len(sys.argv) > 4 else 0.5


def hold():
    while True:
        try:
            with socket.create_connection((address, 22), source_address=(source, 0)) as connection:
                while connection.recv(4096):
                    pass
        except OSError:
            pass
        time.sleep(pause)


for _ in range(count):
    threading.Thread(target=hold).start()
    time.sleep(0.02)
