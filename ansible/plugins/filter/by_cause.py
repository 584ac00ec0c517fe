# Copyright: sshmend contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Counts the machines of a fleet by what is wrong with them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

# Groups that are not names of causes.
NOTHING = "nothing found"
UNREACHABLE = "unreachable"
FAILED = "not diagnosed"


def by_cause(hostvars, hosts, name="diagnose_result"):
    """One entry for each group of machines, the largest group first, then by name."""
    groups = {}
    for host in hosts:
        cause, certain = answer(hostvars[host], name)
        group = groups.setdefault(cause, dict(cause=cause, count=0, certain=0, hosts=[]))
        group["count"] += 1
        group["certain"] += int(certain)
        group["hosts"].append(str(host))
    return sorted(groups.values(), key=lambda group: (-group["count"], group["cause"]))


def answer(variables, name):
    """The group of one machine, and whether its cause is certain."""
    result = variables[name] if name in variables else {}
    if result.get("unreachable"):
        return UNREACHABLE, False
    if "findings" not in result:
        return FAILED, False
    # What does no harm yet is not why connections die now.
    acute = [finding for finding in result["findings"] if not finding.get("latent")]
    if not acute:
        return NOTHING, False
    return str(acute[0]["cause"]), acute[0]["certainty"] == "certain"


class FilterModule(object):
    """What Ansible loads."""

    def filters(self):
        return dict(by_cause=by_cause)
