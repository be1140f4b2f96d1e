"""The log: one line an event, fit to be seen, and never with the token in it."""

import base64
import binascii
import html
import json
import textwrap
from urllib.parse import quote

import pytest

from servo_batch.agent.log import MAX_LINE, Log

# With quotes and backslashes, of which JSON makes more; with what addresses escape; of letters alone; and a short one.
TOKENS = [
    'ab"cd\\ef-gh.ij/kl+mn=op123456',
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "abcdefghijklmnop",
    '\\n\\t"\\\\x"/',
]
WRAPPINGS = {
    "nothing": lambda token: token,
    "JSON": json.dumps,
    "JSON in JSON": lambda token: json.dumps(json.dumps(token)),
    "bytes of Python": lambda token: repr(token.encode()),
    "an address": lambda token: quote(token, safe=""),
}
# What needs letters to be recognised.
MORE_WRAPPINGS = {
    "JSON in JSON in JSON": lambda token: json.dumps(json.dumps(json.dumps(token))),
    "an address in an address": lambda token: quote(quote(token, safe=""), safe=""),
    "escapes of an address alone": lambda token: "".join("%%%02x" % ord(character) for character in token),
    "escapes of JSON alone": lambda token: "".join("\\u%04X" % ord(character) for character in token),
    "escapes of Python alone": lambda token: "".join("\\x%02x" % ord(character) for character in token),
    "HTML": html.escape,
    "HTML in HTML": lambda token: html.escape(html.escape(json.dumps(token))),
    "numbers of HTML": lambda token: "".join("&#%d;" % ord(character) for character in token),
    "a shell": lambda token: "'%s'" % token.replace('"', "'\"'\"'"),
    "a list": lambda token: json.dumps(list(token)),
    "lines": lambda token: "\n".join(textwrap.wrap(token, 5)),
    "lines in JSON": lambda token: json.dumps("\r\n".join(textwrap.wrap(token, 5))),
    "base64": lambda token: base64.b64encode(token.encode()).decode(),
    "base64 after a byte": lambda token: base64.b64encode(b":" + token.encode()).decode(),
    "base64 after two bytes": lambda token: base64.urlsafe_b64encode(b"a:" + token.encode()).decode(),
    "base64 in lines": lambda token: base64.encodebytes(b"Bearer " + token.encode() * 3).decode(),
    "hexadecimal": lambda token: binascii.hexlify(token.encode()).decode(),
    "upper hexadecimal": lambda token: binascii.hexlify(token.encode()).decode().upper(),
    "its first half": lambda token: token[: len(token) // 2 + 6],
    "its second half": lambda token: token[len(token) // 2 - 6 :],
    "the end of a line": lambda token: "-" * (MAX_LINE - 20) + token,
}


def shown(token, text):
    log = Log()
    log.conceal(token)
    return log.clean("got <%s>, and that was all" % text)


def cases():
    for token in TOKENS:
        for name in WRAPPINGS:
            yield pytest.param(token, WRAPPINGS[name], id="%.8s in %s" % (ascii(token)[1:-1], name))
    for token in TOKENS[:-1]:
        for name in MORE_WRAPPINGS:
            yield pytest.param(token, MORE_WRAPPINGS[name], id="%.8s in %s" % (ascii(token)[1:-1], name))


@pytest.mark.parametrize(("token", "wrap"), list(cases()))
def test_the_token_is_concealed_whatever_it_is_wrapped_in(token, wrap):
    log = shown(token, wrap(token))
    # Of what stands for it a few characters at the edges may be left, where they also stand for what is around.
    rest = log.replace("[token]", "")
    wrapped = wrap(token)
    assert log != rest
    assert all(
        wrapped[at : at + 12] not in rest for at in range(len(wrapped) - 12) if "---" not in wrapped[at : at + 12]
    )


@pytest.mark.parametrize("token", TOKENS)
def test_what_is_around_the_token_is_shown(token):
    assert shown(token, "authorization: Bearer %s; trace: 12" % token) == (
        "got <authorization: Bearer [token]; trace: 12>, and that was all"
    )


@pytest.mark.parametrize(
    "text", ["", "plain", "abcdefghijk lm nop", "100 % of \\ & = %41 &amp; \\u0041", "abcdef ghijkl", "x" * MAX_LINE]
)
def test_other_text_is_shown_as_it_is(text):
    log = Log()
    log.conceal("abcdefghijkl-mnop")
    assert log.clean(text) == text.replace("abcdefghijk", "[token]")


def test_without_a_token_nothing_is_concealed():
    assert Log().clean("abc") == "abc"


def test_control_characters_are_escaped_and_long_lines_are_cut():
    assert Log().clean("a\x1b[31m\nb\u2028\udcff") == "a\\x1b[31m\\nb\\u2028\\udcff"
    assert Log().clean("x" * (MAX_LINE + 5)) == "x" * MAX_LINE + "… (5 characters more)"
