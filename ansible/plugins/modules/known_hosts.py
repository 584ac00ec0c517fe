#!/usr/bin/python
# -*- coding: utf-8 -*-

# Copyright: sshmend contributors
# SPDX-License-Identifier: MIT OR Apache-2.0

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: known_hosts
short_description: Pin the key of a host by its fingerprint
version_added: 0.1.0
description:
  - Makes the known_hosts file hold the key with this fingerprint for the host, and drops stale keys that contradict it.
  - The key is asked of the host itself and recorded only where its fingerprint is the expected one.
options:
  host:
    description:
      - The host, by the name or address that users give to ssh.
    type: str
    required: true
  port:
    description:
      - Its port.
    type: int
    default: 22
  fingerprint:
    description:
      - The fingerprint that its key must have, as C(ssh-keygen -lf) prints it (V(SHA256:…)).
    type: str
    required: true
  user:
    description:
      - Whose F(~/.ssh/known_hosts) it is. The command becomes that user before it opens the file.
    type: str
  file:
    description:
      - The file, such as F(/etc/ssh/ssh_known_hosts).
    type: path
extends_documentation_fragment:
  - sshmend.ssh.change
  - sshmend.ssh.change.tool
seealso:
  - module: sshmend.ssh.policy
author:
  - sshmend contributors (@sshmend)
"""

EXAMPLES = r"""
- name: Know the new key of the build host, for the deploying user
  sshmend.ssh.known_hosts:
    host: build.example
    fingerprint: SHA256:uNiVztksCsDhcc0u9e8BrJJGm8e4bLB2f1ZU9rTzYxA
    user: deploy

- name: The same for all users, on another port
  sshmend.ssh.known_hosts:
    host: git.example
    port: 2222
    fingerprint: SHA256:uNiVztksCsDhcc0u9e8BrJJGm8e4bLB2f1ZU9rTzYxA
    file: /etc/ssh/ssh_known_hosts
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
  sample: [/home/deploy/.ssh/known_hosts]
effects:
  description: What changes in effect, not only in text.
  returned: always
  type: list
  elements: dict
  sample:
    - what: build.example
      before: "SHA256:old"
      after: "SHA256:new"
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
            host=dict(type="str", required=True),
            port=dict(type="int", default=22),
            fingerprint=dict(type="str", required=True),
            user=dict(type="str"),
            file=dict(type="path"),
        ),
        mutually_exclusive=[("user", "file")],
        required_one_of=[("user", "file")],
        supports_check_mode=True,
    )
    keys = ("host", "port", "fingerprint", "user", "file")
    pin = dict((key, module.params[key]) for key in keys if module.params[key] is not None)
    Tool(module).apply({"known-hosts": [pin]})


if __name__ == "__main__":
    main()
