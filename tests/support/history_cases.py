"""Histories of every shape: few and many measurements, settings of every kind, failures, and figures of every size."""

import random

from servo_batch.history.trials import Trial


def trial(number, settings, objective, unit="seconds", **more):
    """Return one measurement; without an objective it ran into the timeout."""
    metrics = {} if objective is None else {"total_runtime": {"value": objective, "unit": unit}}
    status, reason = ("failed", "timeout") if objective is None else ("ok", None)
    time = "2026-11-24T%02d:%02d:00Z" % (number // 60 % 24, number % 60)
    runs = [] if objective is None else [objective]
    whole = dict({"runs": runs, "reason": reason}, **more)
    return Trial(number, time, "0123456789abcdef", settings, status, metrics, objective, **whole)


def numbered(settings, values, start=1, **more):
    return [trial(start + index, settings, value, **more) for index, value in enumerate(values)]


def confirmed(best, best_values, default, default_values, start):
    """Return what a tuning measures in the end: the best and the default, in turns."""
    turns = []
    for value, other in zip(best_values, default_values):
        turns += numbered(best, [value], start + len(turns), purpose="confirm best")
        turns += numbered(default, [other], start + len(turns), purpose="confirm default")
    return turns


def tuned(count, settings, failing=0.0):
    """Return ``count`` trials as a tuning would leave them; ``settings`` maps names to the values they may have."""
    chance = random.Random(1)
    trials = []
    for number in range(1, count + 1):
        chosen = {name: values[0] if number == 1 else chance.choice(values) for name, values in settings.items()}
        value = (30 + len(str(chosen))) * chance.uniform(0.9, 1.15) / (1 + 0.6 * number / count)
        trials.append(trial(number, chosen, None if number > 1 and chance.random() < failing else value))
    return trials


def same(values):
    return [trial(number, {"web.cpu": number % 3 + 1}, value) for number, value in enumerate(values, 1)]


def spread(low, high, size=1.0):
    chance = random.Random(7)
    return same([size * chance.uniform(low, high) for _ in range(25)])


ONE = {"web.cpu": list(range(1, 9))}
FIVE = {
    "web.cpu": [2, 1, 3, 4, 5, 6, 7, 8],
    "web.mem": list(range(512, 8193, 256)),
    "jvm.gc": ["G1", "Parallel", "Serial", "ZGC"],
    "jvm.compressed_oops": [True, False],
    "spark.memory_fraction": [0.3 + 0.05 * step for step in range(11)],
}
LONG = "org.apache.hadoop.mapreduce.lib.input.FileInputFormat.split.minimum_size_in_bytes"
UNUSUAL = {
    LONG: [1 << power for power in range(20, 31)],
    "x" * 300 + ".y": ["a" * 90 + "1", "a" * 90 + "2"],
    "s.<&>\"'\x1b": ["<b>&amp;", "\x00\u202e", "]]>", "日本語の値"],
}
MIXED = [1, "auto", None, True, 2.5, [1, 2]]
# Of each the trials; those of which other than the time is minimized are below.
MINIMIZED = {
    "none": [],
    "1": tuned(1, FIVE),
    "30-of-one": tuned(30, ONE, 0.1),
    "300-of-five": tuned(300, FIVE, 0.08),
    "equal": same([5.0] * 12),
    "zero": same([0.0] * 3),
    "huge": spread(1, 9, 3.1e12),
    "tiny": spread(1, 9, 2e-7),
    "outlier": same([10 + number / 20 for number in range(20)] + [4000.0, 9.5]),
    "all-failed": same([None] * 8),
    "first-failed": same([None, None, 5.0, 4.0]),
    "many-values": tuned(250, {"node.name": ["node-%03d" % number for number in range(120)], **ONE}, 0.1),
    "missing": [trial(n, {"a.x": n} if n % 2 else {"a.x": n, "a.y": "z"}, 5.0 + n) for n in range(1, 9)],
    "mixed": [trial(n, {"a.x": value}, 9.0 - n) for n, value in enumerate(MIXED, 1)],
    "many-settings": tuned(40, {"c%d.setting_%d" % (n, n): list(range(n + 2)) for n in range(20)}),
}
# Trials, the objective, and whether it is minimized.
CASES = {name: (trials, "{total_runtime}", True) for name, trials in MINIMIZED.items()}
CASES["maximize"] = tuned(30, FIVE, 0.1), "{total_runtime}", False
CASES["negative"] = spread(-40, 25), "{score}", False
CASES["unusual"] = tuned(30, UNUSUAL, 0.1), "{total_runtime} / 3600 * {web.replicas} * 0.34 + " * 4 + "<1 & 2>", True
