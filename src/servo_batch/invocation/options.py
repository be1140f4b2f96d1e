"""The options of each verb, and what a command line says by them. reading.py reads it, verbs/help.py explains."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

# What each option's value is called, None where it takes none.
CONFIG = {"--config": "FILE", "--state": "FILE"}
QUESTIONS = {"--info": None, "--version": None, "--describe": None}
OPTIONS = {
    "adjust": {**CONFIG, "--json": None, **QUESTIONS, "--query": None, "--reset": None},
    "measure": {
        **CONFIG,
        "--control": "JSON",
        "--runs": "N",
        "--warmup-runs": "N",
        "--history": "FILE",
        "--json": None,
        "--show-output": None,
        "--keep-output": "FILE",
        **QUESTIONS,
    },
    "check": {**CONFIG, "--control": "JSON", "--output": "FILE", "--version": None},
    "history": {
        "--config": "FILE",
        "--history": "FILE",
        "--csv": None,
        "--json": None,
        "--svg": "FILE",
        "--version": None,
    },
    "tune": {
        **CONFIG,
        "--control": "JSON",
        "--history": "FILE",
        "--measurements": "N",
        "--minimize": "FORMULA",
        "--maximize": "FORMULA",
        "--cap": "FACTOR",
        "--confirm": "N",
        "--seed": "N",
        "--json": None,
        "--version": None,
    },
}  # type: Dict[str, Dict[str, Optional[str]]]
# Options that ask for something else than what the verb does.
ASKING = ("--info", "--version", "--describe", "--query", "--reset")


class UsageError(ValueError):
    """What is wrong with the command line, as one sentence."""


class Options:
    """What a command line says: ``given`` options by name, the question among them, and COMPONENT.SETTING=VALUE words.

    A value is a string, but for ``--control`` (a mapping), counts (int) and ``--cap`` (float); True where an option
    takes none. An assignment is a component, a setting and the value as typed.
    """

    def __init__(
        self, given: "Dict[str, Any]", question: "Optional[str]", assignments: "List[Tuple[str, str, str]]"
    ) -> None:
        self.given = given
        self.question = question
        self.assignments = assignments

    def get(self, name: str) -> "Any":
        """Return the value of an option, or None where it was not given."""
        return self.given.get(name)
