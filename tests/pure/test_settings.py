"""What text that a person types means for a setting, and what adjust stores of a request."""

import pytest

from servo_batch.rules import typed

RANGE = {"type": "range", "min": 0, "max": 1000}
ENUM = {"type": "enum", "values": ["1.10", 1.1, 2, True, "on", "7e2"]}


@pytest.mark.parametrize(
    ("setting", "text", "value"),
    [
        (RANGE, "4", 4),
        (RANGE, "0.50", 0.5),
        (RANGE, "7e2", 700.0),
        (RANGE, "four", "four"),
        (RANGE, "true", True),
        (ENUM, "1.10", "1.10"),
        (ENUM, "1.1", 1.1),
        (ENUM, "2.0", 2),
        (ENUM, "true", True),
        (ENUM, "on", "on"),
        (ENUM, "7e2", "7e2"),
        (ENUM, "1", "1"),
        ({"type": "enum", "values": [1, 2.5]}, "3", 3),
        ({"value": "1.29"}, "1.30", "1.30"),
        ({"value": "x"}, "true", "true"),
        ({"value": 1}, "1.30", 1.3),
        ({"value": 1}, "7e2", 700.0),
        ({"value": False}, "true", True),
        ({"value": 1}, "latest", "latest"),
        ({}, "4", 4),
        ({}, "-0.5", -0.5),
        ({}, "1.30", "1.30"),
        ({}, "7e2", "7e2"),
        ({}, "007", "007"),
        ({}, "true", True),
        ({}, "null", "null"),
        ({}, '"quoted"', '"quoted"'),
        ({}, "[1]", "[1]"),
        ({}, "", ""),
        ({}, "-Xmx1g", "-Xmx1g"),
    ],
)
def test_typed_text_is_what_the_setting_takes(setting, text, value):
    found = typed(setting, text)
    assert (type(found), found) == (type(value), value)
