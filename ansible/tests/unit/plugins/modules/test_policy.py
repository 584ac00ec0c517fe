# Copyright: sshmend contributors
# SPDX-License-Identifier: MIT OR Apache-2.0

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import unittest

from ansible_collections.sshmend.ssh.plugins.modules.policy import as_written


class AsWritten(unittest.TestCase):

    def test_settings_are_spelled_as_those_of_the_module_sshd_config(self):
        policy = {"sshd-config": dict(UseDNS=False, MaxAuthTries=4), "fail2ban": dict(ignore=["192.0.2.7"])}
        self.assertEqual(
            as_written(policy),
            {"sshd-config": dict(UseDNS="no", MaxAuthTries="4"), "fail2ban": dict(ignore=["192.0.2.7"])},
        )
        # What YAML 1.1 makes of 100:30:200.
        with self.assertRaisesRegex(ValueError, "MaxStartups.*362000.*quotes"):
            as_written({"sshd-config": dict(MaxStartups=362000)})

    def test_what_is_not_a_table_is_left_to_the_command(self):
        for policy in ({"sshd-config": ["x"]}, {"name": "x"}, {}):
            self.assertEqual(as_written(policy), policy)


if __name__ == "__main__":
    unittest.main()
