"""What the drivers answer to --info, and measure to --describe: what they can do, and which metrics there are."""

from servo_batch import __version__
from servo_batch.answers import Answer
from servo_batch.options import Options


def describe(options: Options) -> Answer:
    """Return what the driver is, or every metric with its unit; raise ``ServoError`` for a wrong configuration."""
    if options.question == "--info":
        return Answer({"version": __version__, "has_cancel": options.verb == "measure"})
    from servo_batch import config
    from servo_batch.metrics import sources

    return Answer({"status": "ok", "metrics": sources.described(config.of_options(options).metrics)})
