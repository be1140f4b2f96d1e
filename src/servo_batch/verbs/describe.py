"""What the measure driver answers to --describe: which metrics there are."""

from servo_batch import config
from servo_batch.answers import Answer
from servo_batch.metrics import sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from servo_batch.options import Options


def describe(options: "Options") -> Answer:
    """Return every metric with its unit; raise ``ServoError`` for whatever is wrong with the configuration."""
    response = {"status": "ok", "metrics": sources.described(config.of_options(options).metrics)}
    return Answer(response)
