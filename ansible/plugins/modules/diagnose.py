#!/usr/bin/python
# -*- coding: utf-8 -*-

# Copyright: sshmend contributors
# SPDX-License-Identifier: MIT OR Apache-2.0

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: diagnose
short_description: Find out why SSH connections die before login
version_added: 0.1.0
description:
  - Looks at the machine as the server, or with O(destination) as the client, and names causes with their evidence.
  - It changes nothing, and findings are not a failure. Use C(failed_when) where they should be.
  - Without C(become) most of the machine as the server cannot be looked at. Where nothing is found then, the task fails and says so.
  - The role R(sshmend.ssh.diagnose,sshmend.ssh.diagnose) does so over a fleet and counts the machines by cause.
options:
  client:
    description:
      - The address of a client whose connections die. On the server only.
    type: str
  user:
    description:
      - The user as whom that client logs in. On the server only.
    type: str
  destination:
    description:
      - Look from this machine, as the client, at this destination of ssh. It is connected to, and nobody logs in.
    type: str
  log:
    description:
      - Read these logs instead of the journal and F(/var/log).
    type: list
    elements: path
    default: []
  since:
    description:
      - Read only log lines from this time on, such as V(2h) or V(2026-12-31T18:00:00Z).
    type: str
extends_documentation_fragment:
  - sshmend.ssh.change.tool
  - sshmend.ssh.change.reads
seealso:
  - module: sshmend.ssh.policy
author:
  - sshmend contributors (@sshmend)
"""

EXAMPLES = r"""
- name: Find out why connections die here
  sshmend.ssh.diagnose:
  register: diagnosis

- name: The same for one client and user
  sshmend.ssh.diagnose:
    client: 192.0.2.7
    user: alice

- name: Fail where the cause is certain
  sshmend.ssh.diagnose:
  register: diagnosis
  failed_when: diagnosis.findings | selectattr("certainty", "eq", "certain") | rejectattr("latent") | list | length > 0
"""

RETURN = r"""
causes:
  description: The names of the causes in order. The first is the answer.
  returned: success
  type: list
  elements: str
  sample: [max-startups]
findings:
  description: The findings in the same order, with their certainty, evidence and remedy.
  returned: success
  type: list
  elements: dict
  sample:
    - cause: max-startups
      certainty: likely
      latent: false
      summary: sshd dropped connections because too many were unauthenticated
      evidence:
        - source: /etc/ssh/sshd_config
          line: 4
          text: MaxStartups 10:30:60
unchecked:
  description: What could not be looked at, and why.
  returned: success
  type: list
  elements: dict
  sample:
    - check: firewall
      reason: needs root
vantage:
  description: Which end of the connection was looked at, V(server) or V(client).
  returned: success
  type: str
  sample: server
ansible_facts:
  description: The whole document of C(sshmend diagnose --format json), as the fact V(sshmend).
  returned: success
  type: dict
  contains:
    sshmend:
      description: The document.
      type: dict
  sample:
    sshmend:
      schema: sshmend.diagnosis/1
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sshmend.ssh.plugins.module_utils.sshmend import TOOL_OPTIONS, Tool


def main():
    module = AnsibleModule(
        argument_spec=dict(
            TOOL_OPTIONS,
            client=dict(type="str"),
            user=dict(type="str"),
            destination=dict(type="str"),
            log=dict(type="list", elements="path", default=[]),
            since=dict(type="str"),
        ),
        mutually_exclusive=[("destination", "client"), ("destination", "user"), ("destination", "root")],
        supports_check_mode=True,
    )
    words = []
    for option in ("client", "user", "since"):
        if module.params[option] is not None:
            words += ["--" + option, module.params[option]]
    for path in module.params["log"]:
        words += ["--log", path]
    document = Tool(module).diagnose(words, module.params["destination"])
    findings = document.get("findings", [])
    module.exit_json(
        changed=False,
        causes=[finding["cause"] for finding in findings],
        findings=findings,
        unchecked=document.get("unchecked", []),
        vantage=document.get("vantage"),
        ansible_facts=dict(sshmend=document),
    )


if __name__ == "__main__":
    main()
