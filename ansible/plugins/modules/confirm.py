#!/usr/bin/python
# -*- coding: utf-8 -*-

# Copyright: sshmend contributors
# SPDX-License-Identifier: MIT OR Apache-2.0

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: confirm
short_description: Keep a change that was made with confirm_within
version_added: 0.1.0
description:
  - Keeps a change that otherwise undoes itself.
  - Run it over a new connection, after C(meta=reset_connection), for the old one says nothing about new ones.
  - It fails where nothing waits for it, and where it comes too late and the change was undone.
options:
  transaction:
    description:
      - The transaction, or the beginning of its name. Without it, the one that waits.
    type: str
  state_dir:
    description:
      - Look for the transaction in this folder instead of F(/var/lib/sshmend).
    type: path
  wait:
    description:
      - How long to wait for another sshmend on the same machine to end.
    type: str
    default: 60s
attributes:
  check_mode:
    support: full
    description: Nothing is kept, for nothing was changed.
  diff_mode:
    support: none
    description: A confirmation changes no file.
  platform:
    support: full
    platforms: linux
    description: The machines on which it runs.
extends_documentation_fragment:
  - sshmend.ssh.change.tool
seealso:
  - module: sshmend.ssh.policy
  - module: sshmend.ssh.rollback
author:
  - sshmend contributors (@sshmend)
"""

EXAMPLES = r"""
- name: Change what may cut the connection
  sshmend.ssh.sshd_config:
    settings:
      AllowUsers: [deploy]
    confirm_within: 2m
  register: mended

- name: Leave the connection by which it was changed
  ansible.builtin.meta: reset_connection

- name: Keep it, over a new one
  sshmend.ssh.confirm:
    transaction: "{{ mended.transaction }}"
  when: mended.pending is truthy
"""

RETURN = r"""
transaction:
  description: The transaction that stays. None in check mode.
  returned: success
  type: str
  sample: 20261129T031407.250000Z
notices:
  description: What there is to know, such as that this is still the connection by which the change was made.
  returned: when it was not check mode
  type: list
  elements: dict
  sample: []
error:
  description: The error as sshmend tells it.
  returned: failure
  type: dict
  sample:
    message: nothing waits for a confirmation
    exit_code: 2
hint:
  description: What to do about it.
  returned: failure
  type: str
  sample: "`sshmend history` lists what was changed"
rc:
  description: The exit code of sshmend.
  returned: failure
  type: int
  sample: 2
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sshmend.ssh.plugins.module_utils.sshmend import TOOL_OPTIONS, Tool


def main():
    module = AnsibleModule(
        argument_spec=dict(
            TOOL_OPTIONS,
            transaction=dict(type="str"),
            state_dir=dict(type="path"),
            wait=dict(type="str", default="60s"),
        ),
        supports_check_mode=True,
    )
    if module.check_mode:
        # Where a check mode reaches this, nothing was changed that could wait.
        module.exit_json(changed=False, transaction=None)
    Tool(module).confirm(module.params["transaction"])


if __name__ == "__main__":
    main()
