"""Formulas: derived settings, constraints, metrics and objectives. What they need, whether it fits, what they come to.

A formula is arithmetic with placeholders (README, "Formulas"). Its values are numbers, strings and booleans, and each
stays what it is: a boolean is no number and a number no boolean. ``+`` joins two strings, all other arithmetic and
``<`` take numbers only; ``if and or not`` take booleans; ``==`` is false for two of different kinds. Apart from that a
formula gives what Python gives.
"""

from servo_batch.config.formulas.kinds import BOOLEAN, NUMBER, STRING, check_types
from servo_batch.config.formulas.names import check_fields, order
from servo_batch.config.formulas.syntax import parse
from servo_batch.config.formulas.values import LATER, evaluate, shown
from servo_batch.config.formulas.words import Formula, FormulaError

__all__ = [
    "BOOLEAN",
    "LATER",
    "NUMBER",
    "STRING",
    "Formula",
    "FormulaError",
    "check_fields",
    "check_types",
    "evaluate",
    "order",
    "parse",
    "shown",
]
