#!/usr/bin/python
# -*- coding: utf-8 -*-

# Copyright: sshmend contributors
# SPDX-License-Identifier: MIT OR Apache-2.0

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: hosts_access
short_description: Let clients in through hosts.allow and hosts.deny
version_added: 0.1.0
description:
  - Makes each pattern granted at the daemon, where the rule wins, and changes no other answer for anybody.
  - Where nothing denies a pattern nothing is changed.
  - On a machine whose sshd is not linked with TCP wrappers the tool says so.
options:
  allow:
    description:
      - Who is to be let in, such as V(192.0.2.7), V(198.51.100.0/24) or V(.example.net).
    type: list
    elements: str
    required: true
  daemon:
    description:
      - The daemon for which it is granted.
    type: str
    default: sshd
extends_documentation_fragment:
  - sshmend.ssh.change
  - sshmend.ssh.change.tool
seealso:
  - module: sshmend.ssh.policy
  - module: sshmend.ssh.fail2ban
author:
  - sshmend contributors (@sshmend)
"""

EXAMPLES = r"""
- name: Let the monitoring host in
  sshmend.ssh.hosts_access:
    allow: [192.0.2.7]

- name: Let a network in at another daemon
  sshmend.ssh.hosts_access:
    allow: [198.51.100.0/24]
    daemon: vsftpd
"""

RETURN = r"""
transaction:
  description: The name of the transaction, which M(sshmend.ssh.rollback) takes. None in check mode and where nothing changed.
  returned: always
  type: str
  sample: 20261129T031407.250000Z
pending:
  description: What waits for M(sshmend.ssh.confirm). None where nothing does.
  returned: always
  type: dict
  contains:
    until:
      description: When it is undone, as in RFC 3339.
      type: str
    confirm:
      description: The command line that keeps it.
      type: list
      elements: str
  sample:
    until: "2026-11-29T03:16:07Z"
    confirm: [sshmend, confirm, 20261129T031407.250000Z]
files:
  description: The paths of the files that were, or would be, changed.
  returned: always
  type: list
  elements: str
  sample: [/etc/hosts.allow]
effects:
  description: What changes in effect, not only in text.
  returned: always
  type: list
  elements: dict
  sample:
    - what: 192.0.2.7 at sshd
      before: "denied"
      after: "granted"
checks:
  description: What the real programs said of the new files before they were in force.
  returned: always
  type: list
  elements: dict
  sample:
    - program: sshd -t
      ok: true
      output: ""
reloaded:
  description: The units that were, or would be, reloaded.
  returned: always
  type: list
  elements: str
  sample: [ssh.service]
notices:
  description: What there is to know, such as who else gains access.
  returned: always
  type: list
  elements: dict
  sample:
    - name: sshd-not-running
      text: "no sshd runs here: the next one to start reads the change"
error:
  description: The error as sshmend tells it.
  returned: failure
  type: dict
  sample:
    message: unknown keyword "MaxStartup"
    hint: did you mean MaxStartups?
    exit_code: 2
hint:
  description: What to do about it.
  returned: failure
  type: str
  sample: did you mean MaxStartups?
cause:
  description: The name of the cause, as C(sshmend explain) knows it, where the error has one.
  returned: failure
  type: str
  sample: sshd-config-invalid
rc:
  description:
    - The exit code of sshmend.
    - V(2) changed nothing, V(3) rolled everything back, V(4) needs a person, V(5) is in force but could not be recorded.
  returned: failure
  type: int
  sample: 2
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sshmend.ssh.plugins.module_utils.sshmend import CHANGE_OPTIONS, Tool


def main():
    module = AnsibleModule(
        argument_spec=dict(
            CHANGE_OPTIONS,
            allow=dict(type="list", elements="str", required=True),
            daemon=dict(type="str", default="sshd"),
        ),
        supports_check_mode=True,
    )
    daemon = module.params["daemon"]
    allow = [dict(pattern=pattern, daemon=daemon) for pattern in module.params["allow"]]
    Tool(module).apply({"hosts-access": {"allow": allow}})


if __name__ == "__main__":
    main()
