#!/usr/bin/python
# -*- coding: utf-8 -*-

# Copyright: sshmend contributors
# SPDX-License-Identifier: MIT OR Apache-2.0

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: policy
short_description: Bring a machine to a policy, in one transaction
version_added: 0.1.0
description:
  - Applies the desired state of sshd_config, hosts.allow and hosts.deny, fail2ban and known_hosts together.
  - There is one preview, one rehearsal, one transaction and one rollback. Either all of it is in force afterwards, or nothing is changed.
options:
  policy:
    description:
      - The policy. Its keys are V(sshd-config), V(hosts-access), V(fail2ban) and V(known-hosts).
      - Unknown keys are refused, with the nearest known one.
    type: dict
  name:
    description:
      - The name of the policy.
      - What was put in by a policy of this name and is no longer in it is taken out again, unless a policy of another name still wants it.
      - Without a name nothing is ever taken out.
    type: str
  path:
    description:
      - A policy in TOML on the managed machine. It is known by its path, as another one by its O(name).
      - As root a file that another user could have written is refused.
    type: path
extends_documentation_fragment:
  - sshmend.ssh.change
  - sshmend.ssh.change.tool
seealso:
  - module: sshmend.ssh.sshd_config
  - module: sshmend.ssh.confirm
  - module: sshmend.ssh.rollback
author:
  - sshmend contributors (@sshmend)
"""

EXAMPLES = r"""
- name: Bring the bastions to their policy
  sshmend.ssh.policy:
    name: bastion
    policy:
      sshd-config:
        MaxStartups: "100:30:200"
        LoginGraceTime: "60"
      hosts-access:
        allow: [192.0.2.7]
      fail2ban:
        ignore: [192.0.2.7]

- name: The same of a policy that lies on the machine
  sshmend.ssh.policy:
    path: /etc/sshmend/policy.toml
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

# The section whose values YAML may have read as something else.
SETTINGS = "sshd-config"


def as_written(policy):
    """The policy with the values of sshd_config as they were meant. Raises ValueError with what is wrong."""
    settings = policy.get(SETTINGS)
    if not isinstance(settings, dict):
        return policy
    return dict(policy, **{SETTINGS: spelled(settings)})


def main():
    module = AnsibleModule(
        argument_spec=dict(
            CHANGE_OPTIONS,
            name=dict(type="str"),
            policy=dict(type="dict"),
            path=dict(type="path"),
        ),
        mutually_exclusive=[("policy", "path"), ("name", "path")],
        required_one_of=[("policy", "path")],
        supports_check_mode=True,
    )
    policy, name = module.params["policy"], module.params["name"]
    if policy is None:
        Tool(module).apply_file(module.params["path"])
    try:
        policy = as_written(policy)
    except ValueError as error:
        module.fail_json(msg=str(error))
    if name is not None:
        policy = dict(policy, name=name)
    Tool(module).apply(policy)


if __name__ == "__main__":
    main()
