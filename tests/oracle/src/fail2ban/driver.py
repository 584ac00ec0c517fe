"""Asks fail2ban's own reader about configuration directories, one JSON request a line.

Usage: driver.py LIBRARY, where LIBRARY holds the package `fail2ban`.

Request:  {"dir": "/etc/fail2ban", "addresses": ["192.0.2.1"]}
Answer:   {"starts": what `fail2ban-client -d` would exit with 0 for,
           "error": the text it would fail with,
           "jails": {name: {"words": [...] or null, "settings": {...}}}, those that would be started,
           "disabled": [names],
           "server": the text with which the server would refuse a word, or null,
           "stream": the lines that `fail2ban-client -d` prints, when the request has "stream": true,
           "ignored": {name: {address: bool}}, without ignoreself, names resolved only where they are numbers}
The first line that it prints is {"version": "1.0.2"}.
"""

import json
import logging
import socket
import sys

sys.path.insert(0, sys.argv[1])
logging.disable(logging.CRITICAL)

from fail2ban.client.configurator import Configurator
from fail2ban.client.jailreader import JailReader
from fail2ban.helpers import str2LogLevel
from fail2ban.server.filter import Filter
from fail2ban.server.ipdns import DNSUtils, IPAddr
from fail2ban.version import version

SETTINGS = ("backend", "bantime", "findtime", "filter", "ignorecommand", "logpath", "action")


class NoJail:
    """What a filter wants to know of its jail."""

    name = "oracle"
    database = None

    def __getattr__(self, name):
        return None


def numeric_only(name):
    """Resolves what is a number in disguise and nothing else."""
    found = set()
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            answers = socket.getaddrinfo(name, None, family, 0, socket.IPPROTO_TCP, socket.AI_NUMERICHOST)
        except Exception:
            continue
        found.update(IPAddr(answer[4][0]) for answer in answers)
    return {ip for ip in found if ip.isValid}


DNSUtils.dnsToIp = staticmethod(numeric_only)


def read(directory):
    """What `fail2ban-client -d` does before it prints."""
    configurator = Configurator()
    configurator.setBaseDir(directory)
    configurator.readEarly()
    early = configurator.getEarlyOptions()
    str2LogLevel(early["loglevel"])
    configurator.Reload()
    configurator.readAll()
    starts = configurator.getOptions(None, dict(early), ignoreWrong=True)
    configurator.convertToProtocol(allow_no_files=True)
    return bool(starts), configurator


def words_of(stream, jail):
    for command in stream:
        if command[:3] == ["set", jail, "addignoreip"]:
            return command[3:]
    return None


def ignored(words, addresses):
    """Fills fail2ban's own filter with the words; the answer is a text when it refuses one."""
    judge = Filter(NoJail())
    judge.ignoreSelf = False
    for word in words or ():
        try:
            judge.addIgnoreIP(word)
        except Exception as error:
            return "%s: %s" % (word, error)
    return {address: judge.inIgnoreIPList(address, log_ignore=False) for address in addresses}


def answer(request):
    try:
        starts, configurator = read(request["dir"])
    except Exception as error:
        return {"starts": False, "error": "%s: %s" % (type(error).__name__, error), "jails": {}, "ignored": {}, "server": None, "stream": []}
    stream = configurator.getConfigStream()
    readers = {reader.getName(): reader for reader in configurator._Configurator__jails.jails}
    jails, verdicts, server = {}, {}, None
    for name in [command[1] for command in stream if command[0] == "start"]:
        words = words_of(stream, name)
        options = readers[name].options
        settings = {key: options[key] for key in SETTINGS if options.get(key) is not None}
        jails[name] = {"words": words, "settings": settings}
        verdict = ignored(words, request.get("addresses", ()))
        if isinstance(verdict, str):
            server = server or verdict
        else:
            verdicts[name] = verdict
    printed = [str(command) for command in stream] if request.get("stream") else []
    return {"starts": starts, "error": None, "jails": jails, "ignored": verdicts, "server": server, "stream": printed}


def main():
    print(json.dumps({"version": version}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
