# Copyright: sshmend contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Values of YAML as sshd_config spells them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

# Keywords whose values are numbers with colons between them, which YAML 1.1 takes for one number to the base of 60.
COLONS = ("maxstartups", "persourcenetblocksize")
SMALLEST_OF_THREE = 3600

# Keywords whose values are octal: YAML 1.1 makes 127 of 0177.
OCTAL = ("streamlocalbindmask",)


def spelled(settings):
    """The settings as sshd_config spells them. Raises ValueError with what is wrong."""
    return dict((key, value_of(key, value)) for key, value in settings.items())


def value_of(key, value):
    """One value of the policy."""
    if isinstance(value, dict):
        unknown = sorted(set(value) - set(["add", "remove"]))
        if unknown or not value:
            raise ValueError("%s: a dictionary holds the lists add and remove, not %s" % (key, ", ".join(unknown) or "nothing"))
        return dict((verb, texts(key, some if isinstance(some, list) else [some])) for verb, some in value.items())
    if isinstance(value, list):
        return texts(key, value)
    return texts(key, [value])[0]


def texts(key, values):
    """Values that are texts, numbers or booleans."""
    for value in values:
        if value is None or isinstance(value, (dict, list)):
            raise ValueError("%s: %r is not a value; give a text, a number, or a list of them" % (key, value))
        if key.lower() in COLONS and is_number(value) and value >= SMALLEST_OF_THREE:
            raise ValueError("%s: YAML has read a number to the base of 60 here, %d; put the value in quotes" % (key, value))
        if key.lower() in OCTAL and is_number(value):
            raise ValueError("%s: YAML may have read an octal number here, %d; put the value in quotes" % (key, value))
    return [text_of(value) for value in values]


def is_number(value):
    """Whether it is an integer that was not a boolean in YAML."""
    return isinstance(value, int) and not isinstance(value, bool)


def text_of(value):
    """A value as sshd_config spells it: YAML makes a boolean of yes and no."""
    if value is True:
        return "yes"
    if value is False:
        return "no"
    return str(value)
