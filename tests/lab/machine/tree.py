"""Prints one line for everything below the given directories: type, mode, owner, content, extended attributes, path."""

import hashlib
import os
import stat
import sys


def content(path, mode):
    if stat.S_ISLNK(mode):
        return os.readlink(path)
    if stat.S_ISREG(mode):
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    return "-"


def line(path):
    found = os.lstat(path)
    names = sorted(os.listxattr(path, follow_symlinks=False))
    attributes = {name: os.getxattr(path, name, follow_symlinks=False).hex() for name in names}
    return f"{found.st_mode:o} {found.st_uid}:{found.st_gid} {content(path, found.st_mode)} {attributes} {path}"


for top in sys.argv[1:]:
    print(line(top))
    for folder, folders, files in os.walk(top):
        folders.sort()
        for name in sorted(folders + files):
            print(line(os.path.join(folder, name)))
