# Copyright: sshmend contributors
# SPDX-License-Identifier: MIT OR Apache-2.0

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):

    # The options of every module that runs the command.
    TOOL = r"""
options:
  executable:
    description:
      - The sshmend command on the managed machine, by name or path.
    type: path
    default: sshmend
  root:
    description:
      - Work on the disk mounted there instead of the running machine.
      - Files and transactions are looked up below it, and none of its programs is run.
    type: path
requirements:
  - sshmend on the managed machine (the role R(sshmend.ssh.install,sshmend.ssh.install) installs it)
"""

    # The options of every module that changes something.
    DOCUMENTATION = r"""
options:
  allow_lockout:
    description:
      - Apply even what would lock out the user of this connection, this machine itself or an address of O(keep).
      - Without it such a change is refused, and the task fails with the reason and the line.
    type: bool
    default: false
  confirm_within:
    description:
      - Undo the change after this time (such as V(2m)) unless M(sshmend.ssh.confirm) keeps it,
        also when the connection is lost or the machine restarts.
    type: str
  keep:
    description:
      - Addresses that must not lose access, in addition to the one from which Ansible is connected.
      - sshmend finds that one by itself, through sudo too, except in a task with C(async), which leaves its connection.
    type: list
    elements: str
    default: []
  reload:
    description:
      - Let the running daemon read the change. With V(false) it reads it when it is next started or reloaded.
    type: bool
    default: true
  state_dir:
    description:
      - Keep transactions in this folder instead of F(/var/lib/sshmend).
    type: path
  wait:
    description:
      - How long to wait for another sshmend on the same machine to end. The task looks at the machine after that.
    type: str
    default: 60s
attributes:
  check_mode:
    support: full
    description: Nothing is changed; RV(ignore:changed) tells whether something would be.
  diff_mode:
    support: full
    description: The unified diff of each file.
  platform:
    support: full
    platforms: linux
    description: The machines on which it runs.
"""

    # The attributes of a module that changes nothing.
    READS = r"""
attributes:
  check_mode:
    support: full
    description: It changes nothing, in check mode or not.
  diff_mode:
    support: none
    description: There is nothing that could differ.
  platform:
    support: full
    platforms: linux
    description: The machines on which it runs.
"""
