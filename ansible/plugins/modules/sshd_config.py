#!/usr/bin/python
# -*- coding: utf-8 -*-

# Copyright: sshmend contributors
# SPDX-License-Identifier: MIT OR Apache-2.0

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: sshd_config
short_description: Set keywords of sshd_config at the line that wins
version_added: 0.1.0
description:
  - Sets keywords at the line that is in force for the installed release of OpenSSH, through Include and Match, and says where a setting cannot win.
  - The real sshd judges the new files before they are in place; the service is reloaded and the result proved, otherwise everything is rolled back.
  - No handler is needed.
options:
  settings:
    description:
      - Keywords and their values.
      - A list sets the whole of a keyword that takes several, such as V(AllowUsers) or V(Port).
      - A dictionary with the lists V(add) and V(remove) extends and cuts it, and leaves the rest as it is.
      - The key V(unset) holds a list of keywords that no line is to set for all connections, so that their defaults are in force.
      - YAML reads V(yes) and V(no) as booleans, which is fine, and C(10:30:50) as the number 37850, which is refused. Quote such values.
    type: dict
    required: true
extends_documentation_fragment:
  - sshmend.ssh.change
  - sshmend.ssh.change.tool
seealso:
  - module: sshmend.ssh.policy
  - module: sshmend.ssh.confirm
  - module: sshmend.ssh.rollback
author:
  - sshmend contributors (@sshmend)
"""

EXAMPLES = r"""
- name: Let many connect at once
  sshmend.ssh.sshd_config:
    settings:
      MaxStartups: "100:30:200"

- name: Let one more group in, and leave the others as they are
  sshmend.ssh.sshd_config:
    settings:
      AllowGroups:
        add: [deploy]

- name: Forbid passwords, undone after two minutes unless it is confirmed
  sshmend.ssh.sshd_config:
    settings:
      PasswordAuthentication: false
      KbdInteractiveAuthentication: false
    confirm_within: 2m
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
      before: "10:30:100"
      after: "100:30:200"
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
from ansible_collections.sshmend.ssh.plugins.module_utils.settings import spelled
from ansible_collections.sshmend.ssh.plugins.module_utils.sshmend import CHANGE_OPTIONS, Tool


def main():
    module = AnsibleModule(
        argument_spec=dict(CHANGE_OPTIONS, settings=dict(type="dict", required=True)),
        supports_check_mode=True,
    )
    try:
        settings = spelled(module.params["settings"])
    except ValueError as error:
        module.fail_json(msg=str(error))
    Tool(module).apply({"sshd-config": settings})


if __name__ == "__main__":
    main()
