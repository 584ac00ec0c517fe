# Copyright: sshmend contributors
# SPDX-License-Identifier: MIT OR Apache-2.0

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import unittest

from ansible_collections.sshmend.ssh.plugins.filter.by_cause import by_cause


def found(*findings):
    """A machine with these findings: cause, certainty, whether it is latent."""
    keys = ("cause", "certainty", "latent")
    return dict(diagnose_result=dict(findings=[dict(zip(keys, finding)) for finding in findings]))


class ByCause(unittest.TestCase):

    def test_each_machine_counts_once_under_its_first_acute_cause(self):
        hostvars = dict(
            a=found(("max-startups", "likely", False), ("reverse-dns-slow", "certain", False)),
            b=found(("sshd-config-invalid", "certain", True), ("max-startups", "certain", False)),
            c=found(("sshd-config-invalid", "certain", True)),
            d=dict(diagnose_result=dict(unreachable=True)),
            e=dict(diagnose_result=dict(failed=True)),
            f=dict(),
        )
        groups = by_cause(hostvars, sorted(hostvars))
        self.assertEqual(
            [(group["cause"], group["count"], group["certain"], group["hosts"]) for group in groups],
            [
                ("max-startups", 2, 1, ["a", "b"]),
                ("not diagnosed", 2, 0, ["e", "f"]),
                ("nothing found", 1, 0, ["c"]),
                ("unreachable", 1, 0, ["d"]),
            ],
        )


if __name__ == "__main__":
    unittest.main()
