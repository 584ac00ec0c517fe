# Copyright: sshmend contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs sshmend on the managed machine and turns its JSON into a module's result."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

# Where the install role and the packages put the command; sudo's secure_path may leave the first one out.
FOLDERS = ["/usr/local/bin", "/usr/bin"]

# The oldest command that understands what the modules ask of it.
NEEDED = (0, 2)
INSTALLED_BY = "the role sshmend.ssh.install installs it"

# Exit codes of sshmend (docs/exit-codes.md).
DONE = 0
WOULD_CHANGE = 1

TOOL_OPTIONS = dict(
    executable=dict(type="path", default="sshmend"),
    root=dict(type="path"),
)

CHANGE_OPTIONS = dict(
    TOOL_OPTIONS,
    allow_lockout=dict(type="bool", default=False),
    confirm_within=dict(type="str"),
    keep=dict(type="list", elements="str", default=[]),
    reload=dict(type="bool", default=True),
    state_dir=dict(type="path"),
    wait=dict(type="str", default="60s"),
)


class Tool(object):
    """The command on this machine, called as the module's options say."""

    def __init__(self, module):
        self.module = module

    def apply(self, policy):
        """Makes the machine as the policy (a dict) says, and ends the module."""
        self._finish(*self._run(["apply"] + self._change_words(), ["-"], json.dumps(policy, sort_keys=True)))

    def apply_file(self, path):
        """Makes the machine as the policy file on it says, and ends the module."""
        self._finish(*self._run(["apply"] + self._change_words(), operands=[path]))

    def rollback(self, transaction):
        """Undoes a transaction, or the newest one, and ends the module."""
        self._finish(*self._run(["rollback"] + self._change_words(), operands=present(transaction)))

    def confirm(self, transaction):
        """Keeps the transaction that waits for it, and ends the module."""
        words = ["confirm"] + self._option("wait", "--wait") + self._place_words()
        self._finish(*self._run(words, operands=present(transaction)))

    def diagnose(self, words, destination):
        """The document of `sshmend diagnose`. One with findings ends with 1, which is not a failure."""
        code, document = self._run(["diagnose"] + words + self._option("root", "--root"), operands=present(destination))
        self._refuse_failure(code, document)
        return document

    def _change_words(self):
        """The options that all commands that change something take."""
        params = self.module.params
        words = ["--dry-run" if self.module.check_mode else "--yes"]
        words += self._place_words()
        words += self._option("confirm_within", "--confirm-within")
        words += self._option("wait", "--wait")
        for address in params["keep"]:
            words += ["--keep", address]
        if params["allow_lockout"]:
            words.append("--allow-lockout")
        if not params["reload"]:
            words.append("--no-reload")
        return words

    def _place_words(self):
        return self._option("root", "--root") + self._option("state_dir", "--state")

    def _option(self, name, flag):
        return [word for value in present(self.module.params.get(name)) for word in (flag, value)]

    def _run(self, words, operands=(), data=None):
        """Runs the command; returns its exit code and its document. Ends the module where there is none."""
        argv = [self._program()] + words + ["--format", "json", "--"] + list(operands)
        try:
            code, out, err = self.module.run_command(argv, data=data, handle_exceptions=False)
        except (OSError, IOError) as error:
            # What is not sshmend, or too old for these words, ends before it has read the policy.
            code, out, err = error.errno, "", str(error)
        try:
            document = json.loads(out)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            self._refuse_other_version(argv[0])
            self.module.fail_json(
                msg="sshmend ended with %s and printed no JSON document: %s" % (code, last_line(err) or last_line(out)),
                rc=code, cmd=argv, stderr=err, stdout=out,
            )
        return code, document

    def _refuse_other_version(self, path):
        """Ends the module where the program is not sshmend, or one of before the collection's."""
        code, out, err = self.module.run_command([path, "--version"])
        version = version_of(out)
        if code != 0:
            message = "%s does not run on this machine: %s" % (path, last_line(err) or "it ended with %d" % code)
        elif version is None:
            message = "%s is not sshmend: `%s --version` says %s" % (path, path, json.dumps(last_line(out)))
        elif version < NEEDED:
            needed = ".".join(str(number) for number in NEEDED)
            message = "%s is %s, and this collection needs version %s or later" % (path, last_line(out), needed)
        else:
            return
        self.module.fail_json(msg="%s. Hint: %s" % (message, INSTALLED_BY), hint=INSTALLED_BY)

    def _program(self):
        name = self.module.params["executable"]
        path = self.module.get_bin_path(name, opt_dirs=FOLDERS)
        if path is None:
            self.module.fail_json(
                msg="%s is not installed on this machine. Hint: %s" % (name, INSTALLED_BY), hint=INSTALLED_BY,
            )
        return path

    def _refuse_failure(self, code, document):
        """Ends the module with the tool's own error where the command failed."""
        error = document.get("error")
        if code in (DONE, WOULD_CHANGE) and not error:
            return
        error = error or {}
        message = error.get("message") or "sshmend ended with %d" % code
        hint = in_options(error.get("hint"))
        result = self._result(document)
        self.module.fail_json(
            msg=hinted(message, hint), rc=code, error=error, hint=hint, cause=error.get("cause"), **result
        )

    def _finish(self, code, document):
        self._refuse_failure(code, document)
        self.module.exit_json(**self._result(document))

    def _result(self, document):
        """What a module returns of a `sshmend.change/1` document."""
        if not str(document.get("schema", "")).startswith("sshmend.change/"):
            return dict(changed=False)
        files = document.get("files") or []
        result = dict(
            changed=bool(document.get("changed")),
            transaction=document.get("transaction"),
            pending=document.get("pending"),
            files=[item["path"] for item in files],
            effects=document.get("effects") or [],
            checks=document.get("checks") or [],
            reloaded=document.get("reloaded") or [],
            notices=document.get("notices") or [],
        )
        if getattr(self.module, "_diff", False):
            result["diff"] = [dict(prepared=item["diff"]) for item in files if item.get("diff")]
        return result


def hinted(message, hint):
    """A message and its hint; below a line with a caret the hint has its own line."""
    if not hint:
        return message
    return "%s%sHint: %s" % (message, "\n" if "\n" in message else ". ", hint)


def in_options(hint):
    """A hint that names flags of the command, with the module's options in their place."""
    for option in CHANGE_OPTIONS:
        hint = hint and hint.replace("--" + option.replace("_", "-"), option)
    return hint


def version_of(text):
    """The first two numbers of what `sshmend --version` prints; None for what another program prints."""
    words = text.split()
    if len(words) < 2 or words[0] != "sshmend":
        return None
    numbers = words[1].split(".")[:2]
    return tuple(int(number) for number in numbers if number.isdigit())


def present(value):
    """The value as a list of one, or of none."""
    return [] if value is None else [value]


def last_line(text):
    """The last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
