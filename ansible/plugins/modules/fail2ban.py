#!/usr/bin/python
# -*- coding: utf-8 -*-

# Copyright: sshmend contributors
# SPDX-License-Identifier: MIT OR Apache-2.0

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: fail2ban
short_description: Exempt addresses from bans of fail2ban
version_added: 0.1.0
description:
  - Exempts addresses in a file that survives an upgrade and a restart, for the jails as fail2ban merges them, and lifts bans that hold them now.
options:
  ignore:
    description:
      - Addresses and networks that are not to be banned.
    type: list
    elements: str
    required: true
  jail:
    description:
      - The jails in which they are exempt. Without it, every enabled one.
    type: list
    elements: str
  until:
    description:
      - The day or time until which they are exempt, such as V(2027-01-31). A timer on the machine undoes the change then.
      - With O(confirm_within) there is no such timer; the first run after that time takes them out.
    type: str
extends_documentation_fragment:
  - sshmend.ssh.change
  - sshmend.ssh.change.tool
seealso:
  - module: sshmend.ssh.policy
  - module: sshmend.ssh.hosts_access
author:
  - sshmend contributors (@sshmend)
"""

EXAMPLES = r"""
- name: Never ban the monitoring host
  sshmend.ssh.fail2ban:
    ignore: [192.0.2.7]

- name: Spare the auditors until they are done
  sshmend.ssh.fail2ban:
    ignore: [203.0.113.0/28]
    jail: sshd
    until: "2027-01-31"
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
  sample: [/etc/fail2ban/jail.d/zz-sshmend.local]
effects:
  description: What changes in effect, not only in text.
  returned: always
  type: list
  elements: dict
  sample:
    - what: ignoreip of sshd
      before: "127.0.0.1/8"
      after: "127.0.0.1/8 192.0.2.7"
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
            ignore=dict(type="list", elements="str", required=True),
            jail=dict(type="list", elements="str"),
            until=dict(type="str"),
        ),
        supports_check_mode=True,
    )
    further = dict((key, module.params[key]) for key in ("jail", "until") if module.params[key] is not None)
    ignore = [dict(further, address=address) for address in module.params["ignore"]]
    Tool(module).apply({"fail2ban": {"ignore": ignore}})


if __name__ == "__main__":
    main()
