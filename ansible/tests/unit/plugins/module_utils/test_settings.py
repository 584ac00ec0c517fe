# Copyright: sshmend contributors
# SPDX-License-Identifier: MIT OR Apache-2.0

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import unittest

from ansible_collections.sshmend.ssh.plugins.module_utils.settings import spelled


class Spelled(unittest.TestCase):

    def test_values_of_yaml_become_words_of_sshd(self):
        settings = dict(UseDNS=False, X11Forwarding=True, MaxAuthTries=4, Port=[22, 2222], AllowUsers=dict(add=["ann"], remove="bob"))
        self.assertEqual(
            spelled(settings),
            dict(UseDNS="no", X11Forwarding="yes", MaxAuthTries="4", Port=["22", "2222"], AllowUsers=dict(add=["ann"], remove=["bob"])),
        )

    def test_a_number_to_the_base_of_60_is_refused(self):
        # What YAML 1.1 makes of 10:30:50.
        with self.assertRaisesRegex(ValueError, "MaxStartups.*37850.*quotes"):
            spelled(dict(MaxStartups=37850))
        self.assertEqual(spelled(dict(MaxStartups=100)), dict(MaxStartups="100"))
        self.assertEqual(spelled(dict(MaxStartups="37850")), dict(MaxStartups="37850"))

    def test_a_mask_that_yaml_has_read_as_octal_is_refused(self):
        # What YAML 1.1 makes of 0177.
        with self.assertRaisesRegex(ValueError, "StreamLocalBindMask.*octal.*127.*quotes"):
            spelled(dict(StreamLocalBindMask=127))
        self.assertEqual(spelled(dict(StreamLocalBindMask="0177")), dict(StreamLocalBindMask="0177"))

    def test_what_is_not_a_value_is_named(self):
        for settings in (dict(Port=None), dict(Port=[[22]]), dict(Port=dict(set=[22])), dict(Port=dict())):
            with self.assertRaisesRegex(ValueError, "Port"):
                spelled(settings)


if __name__ == "__main__":
    unittest.main()
