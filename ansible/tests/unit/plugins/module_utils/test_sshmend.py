# Copyright: sshmend contributors
# SPDX-License-Identifier: MIT OR Apache-2.0

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import json
import unittest

from ansible_collections.sshmend.ssh.plugins.module_utils.sshmend import Tool


class Ended(Exception):
    """The module has ended."""

    def __init__(self, failed, result):
        super(Ended, self).__init__(str(result))
        self.failed, self.result = failed, result


class Module(object):
    """A module whose machine has a command that answers one thing."""

    check_mode = False
    _diff = True

    def __init__(self, code, out, err="", **params):
        defaults = dict(executable="sshmend", root=None, allow_lockout=False, confirm_within=None, keep=[], reload=True, state_dir=None, wait="60s")
        self.params = dict(defaults, **params)
        self.answer = (code, out, err)
        self.version = "sshmend 0.2.0 (0123456789ab 2026-11-29)\n"
        self.argv = self.data = None

    def get_bin_path(self, name, opt_dirs=None):
        return "/bin/" + name if self.answer[0] is not None else None

    def run_command(self, argv, data=None, handle_exceptions=True):
        if argv[1:] == ["--version"]:
            return (0, self.version, "") if self.version else (1, "", "sshmend: version `GLIBC_2.34' not found")
        if self.answer[0] == errno.EPIPE and not handle_exceptions:
            raise OSError(errno.EPIPE, "Broken pipe")
        self.argv, self.data = argv, data
        return self.answer

    def exit_json(self, **result):
        raise Ended(False, result)

    def fail_json(self, **result):
        raise Ended(True, result)


def ended(module, call):
    """How the module ends: whether it failed, and with what."""
    try:
        call(Tool(module))
    except Ended as end:
        return end.failed, end.result
    raise AssertionError("the module did not end")


def change(**fields):
    """A document of a change."""
    document = dict(schema="sshmend.change/1", changed=False, dry_run=False, files=[], effects=[], checks=[], reloaded=[], notices=[])
    return json.dumps(dict(document, **fields))


class Translated(unittest.TestCase):

    def test_options_become_words_and_the_policy_is_the_input(self):
        module = Module(0, change(), keep=["192.0.2.1"], confirm_within="2m", allow_lockout=True, reload=False, root="/mnt", state_dir="/s")
        self.assertEqual(ended(module, lambda tool: tool.apply({"a": 1}))[0], False)
        self.assertEqual(
            " ".join(module.argv),
            "/bin/sshmend apply --yes --root /mnt --state /s --confirm-within 2m --wait 60s --keep 192.0.2.1 --allow-lockout --no-reload"
            " --format json -- -",
        )
        self.assertEqual(json.loads(module.data), {"a": 1})

    def test_drift_in_check_mode_is_a_change_with_its_diff(self):
        module = Module(1, change(changed=True, dry_run=True, files=[dict(path="/etc/x", diff="-a\n+b\n")]))
        module.check_mode = True
        failed, result = ended(module, lambda tool: tool.apply({}))
        self.assertIn("--dry-run", module.argv)
        self.assertNotIn("--yes", module.argv)
        self.assertEqual((failed, result["changed"], result["diff"]), (False, True, [dict(prepared="-a\n+b\n")]))

    def test_a_failure_tells_message_hint_and_cause_and_changed_nothing(self):
        error = dict(message='unknown keyword "MaxStartup"', hint="did you mean MaxStartups?", exit_code=2, cause="sshd-config-invalid")
        for document in (change(error=error), json.dumps(dict(schema="sshmend.error/1", error=error))):
            failed, result = ended(Module(2, document), lambda tool: tool.apply({}))
            self.assertEqual((failed, result["changed"], result["rc"]), (True, False, 2))
            self.assertEqual(result["msg"], 'unknown keyword "MaxStartup". Hint: did you mean MaxStartups?')
            self.assertEqual((result["hint"], result["cause"]), ("did you mean MaxStartups?", "sshd-config-invalid"))

    def test_a_hint_stands_below_the_carets_of_a_message(self):
        error = dict(message="-:1:2: no\n1 | x\n  | ^", hint="did you mean y?", exit_code=2)
        result = ended(Module(2, change(error=error)), lambda tool: tool.apply({}))[1]
        self.assertEqual(result["msg"], "-:1:2: no\n1 | x\n  | ^\nHint: did you mean y?")

    def test_flags_in_a_hint_are_options_of_the_module(self):
        error = dict(message="this may lock you out", hint="--confirm-within 2m undoes it; --allow-lockout does it all the same", exit_code=2)
        result = ended(Module(2, change(error=error)), lambda tool: tool.apply({}))[1]
        self.assertEqual(result["hint"], "confirm_within 2m undoes it; allow_lockout does it all the same")
        self.assertEqual(result["error"], error)

    def test_a_change_that_could_not_be_noted_is_a_failure_that_changed_something(self):
        document = change(changed=True, transaction="t", error=dict(message="no space", hint=None, exit_code=5))
        failed, result = ended(Module(5, document), lambda tool: tool.apply({}))
        self.assertEqual((failed, result["changed"], result["transaction"]), (True, True, "t"))

    def test_a_command_without_a_document_fails_with_its_last_line(self):
        failed, result = ended(Module(101, "", "note\nerror: broken\n"), lambda tool: tool.apply({}))
        self.assertEqual((failed, result["rc"]), (True, 101))
        self.assertIn("error: broken", result["msg"])

    def test_a_program_that_is_too_old_or_another_one_is_named(self):
        for code, version, told in [
            (errno.EPIPE, "sshmend 0.1.7\n", "/bin/sshmend is sshmend 0.1.7, and this collection needs version 0.2 or later"),
            (2, "sshmend 0.1.7\n", "needs version 0.2 or later"),
            (0, "frobnicate 9.9\n", '/bin/sshmend is not sshmend: `/bin/sshmend --version` says "frobnicate 9.9"'),
            (1, "", "/bin/sshmend does not run on this machine: sshmend: version `GLIBC_2.34' not found"),
            (errno.EPIPE, "sshmend 1.0.0\n", "Broken pipe"),
        ]:
            module = Module(code, "")
            module.version = version
            failed, result = ended(module, lambda tool: tool.apply({}))
            self.assertTrue(failed)
            self.assertIn(told, result["msg"])

    def test_a_machine_without_the_command_names_the_role(self):
        failed, result = ended(Module(None, ""), lambda tool: tool.apply({}))
        self.assertTrue(failed and "sshmend.ssh.install" in result["msg"])

    def test_findings_of_a_diagnosis_are_not_a_failure(self):
        document = json.dumps(dict(schema="sshmend.diagnosis/1", findings=[dict(cause="x")]))
        self.assertEqual(Tool(Module(1, document)).diagnose(["--user", "ann"], "host")["findings"], [dict(cause="x")])


if __name__ == "__main__":
    unittest.main()
