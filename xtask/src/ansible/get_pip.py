"""Stands in for the get-pip that ansible-test downloads from its own server: the packages themselves come from the package index."""

import subprocess
import sys

# Words of get-pip that `pip install` does not know.
NOT_OF_PIP = ("--no-setuptools", "--no-wheel")

subprocess.check_call([sys.executable, "-m", "ensurepip", "--default-pip"], stdout=subprocess.DEVNULL)
words = [word for word in sys.argv[1:] if word not in NOT_OF_PIP]
subprocess.check_call([sys.executable, "-m", "pip", "install", "--quiet"] + words)
