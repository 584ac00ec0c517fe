#!/usr/bin/python
# -*- coding: utf-8 -*-

# Copyright: sshmend contributors
# SPDX-License-Identifier: MIT OR Apache-2.0

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: rollback
short_description: Undo a transaction of sshmend
version_added: 0.1.0
description:
  - Puts back every file of a transaction as it was before, judged and proved as a change is. The rollback is a transaction of its own.
  - It refuses where a file was edited since.
  - Name the O(transaction) where the task may run twice. Without it the newest one is undone, whichever that is.
options:
  transaction:
    description:
      - The transaction, as a task that changed something returned it, or the beginning of its name. Without it, the newest one.
    type: str
extends_documentation_fragment:
  - sshmend.ssh.change
  - sshmend.ssh.change.tool
seealso:
  - module: sshmend.ssh.policy
  - module: sshmend.ssh.confirm
author:
  - sshmend contributors (@sshmend)
"""

EXAMPLES = r"""
- name: Undo what the task registered as "mended" has changed
  sshmend.ssh.rollback:
    transaction: "{{ mended.transaction }}"
  when: mended.transaction is truthy

- name: Undo the newest transaction
  sshmend.ssh.rollback:
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
  sample: [/etc/ssh/sshd_config]
effects:
  description: What changes in effect, not only in text.
  returned: always
  type: list
  elements: dict
  sample:
    - what: maxstartups
      before: "100:30:200"
      after: "10:30:100"
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
        argument_spec=dict(CHANGE_OPTIONS, transaction=dict(type="str")),
        supports_check_mode=True,
    )
    Tool(module).rollback(module.params["transaction"])


if __name__ == "__main__":
    main()
