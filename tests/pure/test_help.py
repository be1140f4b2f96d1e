"""The manual at a terminal: paragraphs as wide as that is, code and tables as they are written."""

from servo_batch.verbs.help import filled

PAGE = """# A title

A paragraph of words that goes on
over two lines.

- An item that is longer than the terminal is wide.
- Another.

| a | table that is wider than the terminal |
| --- | --- |

```bash
a command that is wider than the terminal
```
"""


def test_paragraphs_and_items_are_filled_between_words_and_the_rest_stays():
    assert (
        filled(PAGE, 24)
        == """# A title

A paragraph of words
that goes on over two
lines.

- An item that is longer
  than the terminal is
  wide.
- Another.

| a | table that is wider than the terminal |
| --- | --- |

```bash
a command that is wider than the terminal
```
"""
    )


def test_a_wide_terminal_joins_the_lines_of_a_paragraph():
    assert "A paragraph of words that goes on over two lines.\n" in filled(PAGE, 100)
