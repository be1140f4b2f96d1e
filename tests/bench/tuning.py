"""How well the search of ``tune`` searches: its regret against that of Optuna's TPE and of random search.

``python tests/bench/tuning.py [FOLDER] [SEEDS]``. FOLDER holds tables of measured systems, a CSV each: the header names
each setting NAME:range or NAME:enum, the last column, objective, is to be minimised. Without it, functions of our own
take their place. It gets Optuna from PyPI, for a virtual environment of its own.

What a searcher asks for is mapped to the nearest row that it has not been told; it is told that row's settings and cost.
The first row is a random one. The regret is (cost of the best row found - least cost) / (median cost - least cost); with
noise, that of the row with the best observed cost. The ± is the standard error over the seeds, for these systems.
"""

import csv
import glob
import itertools
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile

import table

COUNTS = (10, 30, 50)
SEEDS = 10
NOISE = 0.1
# Of the mean regret of TPE, by the number of measurements.
TARGETS = {10: 0.75, 30: 0.95, 50: 0.95}
TARGET_WITH_NOISE = 0.9
TARGET_ON_FULL_GRIDS = 0.75


class System:
    """A table: ``space`` as the search has it, ``points`` and ``costs``, a row each."""

    def __init__(self, name, columns, costs):
        import numpy

        self.name, self.costs = name, costs
        self.space = {}
        levels = []
        for setting, ordered, values in columns:
            different = sorted(set(values))
            self.space[setting] = (range(len(different)), ordered)
            levels.append([different.index(value) for value in values])
        self.points = list(zip(*levels))
        self.rows = {point: row for row, point in enumerate(self.points)}
        self.least, self.median = min(costs), statistics.median(costs)
        size = 1
        for values, _ in self.space.values():
            size *= len(values)
        self.is_full = size == len(self.points)
        self._array = numpy.array(self.points, float)
        self._ordered = numpy.array([ordered for _, ordered in self.space.values()])
        self._lengths = numpy.array([len(values) for values, _ in self.space.values()])

    def nearest(self, point, told):
        """Return the row nearest to ``point`` that is not among the rows ``told``."""
        import numpy

        row = self.rows.get(point)
        if row is not None and row not in told:
            return row
        apart = numpy.abs(self._array - numpy.array(point))
        distances = numpy.where(self._ordered, apart / self._lengths, apart != 0).sum(1)
        distances[list(told)] = numpy.inf
        return int(distances.argmin())

    def settings(self, row):
        return dict(zip(self.space, self.points[row]))


def search(system, seed):
    """Return what asks as the search of ``tune`` does."""
    from servo_batch.tuning.search import propose

    return lambda past: propose(system.space, past, seed)


def chance(system, seed):
    """Return what asks at random."""
    rng = random.Random("chance %d" % seed)
    return lambda past: system.settings(rng.randrange(len(system.points)))


def tpe(system, seed):
    """Return what asks as Optuna's TPE does."""
    import warnings

    import optuna

    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(multivariate=True, group=True, seed=seed))
    distributions = {
        name: optuna.distributions.IntDistribution(0, len(values) - 1)
        if ordered
        else optuna.distributions.CategoricalDistribution(list(values))
        for name, (values, ordered) in system.space.items()
    }

    def ask(past):
        settings, cost = past[-1]
        study.add_trial(optuna.create_trial(params=settings, distributions=distributions, value=cost))
        trial = study.ask(distributions)
        study.tell(trial, state=optuna.trial.TrialState.FAIL)  # the row that it is mapped to is told instead
        return trial.params

    return ask


def regrets(system, searcher, seed, noise):
    """Return the regret after each of ``COUNTS`` measurements."""
    rng = random.Random("%s %d" % (system.name, seed))
    ask = searcher(system, seed)
    row = rng.randrange(len(system.points))
    past, told, found = [], {}, []
    while True:
        observed = system.costs[row] * (max(0.3, 1 + NOISE * rng.gauss(0, 1)) if noise else 1)
        told[row] = observed
        past.append((system.settings(row), observed))
        if len(told) in COUNTS:
            best = min(told, key=told.get)
            found.append((system.costs[best] - system.least) / (system.median - system.least))
        if len(told) == max(COUNTS):
            return found
        asked = ask(past)
        row = system.nearest(tuple(asked[name] for name in system.space), told)


def read(path):
    """Return the system in a file."""
    with open(path, newline="") as stream:
        header, *rows = csv.reader(stream)
    columns = []
    for index, (name, kind) in enumerate(title.split(":") for title in header[:-1]):
        values = [row[index] for row in rows]
        columns.append((name, kind == "range", list(map(float, values)) if kind == "range" else values))
    return System(os.path.splitext(os.path.basename(path))[0], columns, [float(row[-1]) for row in rows])


def made_up(seed):
    """Return a system of our own: settings that work alone, in steps and in pairs, a few of them much, most little."""
    rng = random.Random(seed)
    lengths = [
        (rng.randint(3, 9), True) if rng.random() < 0.5 else (rng.choice((2, 2, 3, 4)), False)
        for _ in range(4 + seed % 3 * 4)
    ]
    if seed % 3 == 0:
        points = list(itertools.product(*(range(length) for length, _ in lengths)))
    else:
        points = sorted({tuple(rng.randrange(length) for length, _ in lengths) for _ in range(2000)})

    def effect(length, ordered, size):
        kind, centre, sign = rng.randrange(4), rng.random(), rng.choice((-1, 1))
        places = [level / (length - 1) for level in range(length)]
        shapes = (lambda x: abs(x - centre), lambda x: x, lambda x: x > centre, lambda x: 1 / (1 + 5 * x))
        return [size * (sign * shapes[kind](place) if ordered else rng.gauss(0, 0.5)) for place in places]

    alone = [effect(length, ordered, rng.expovariate(1) ** 2) for length, ordered in lengths]
    pairs = []
    for _ in lengths:
        one, other = rng.sample(range(len(lengths)), 2)
        pairs.append((one, other, effect(*lengths[one], 1), effect(*lengths[other], rng.expovariate(1))))
    totals = []
    for point in points:
        total = sum(works[level] for works, level in zip(alone, point))
        totals.append(total + sum(2 * ones[point[one]] * others[point[other]] for one, other, ones, others in pairs))
    spread = statistics.pstdev(totals)
    size = (1, 0.3, 0.1)[seed // 3 % 3]  # some jobs can be made ten times as fast, others by a tenth, as noise is
    costs = [math.exp(size * (total / spread + rng.gauss(0, 0.03))) for total in totals]
    columns = [
        ("s%d" % i, ordered, list(column)) for i, ((_, ordered), column) in enumerate(zip(lengths, zip(*points)))
    ]
    return System("made up %d" % seed, columns, costs)


def over(ones, others):
    """Return the mean of the first over that of the second, and its standard error, one of each being a pair."""
    mean = statistics.mean(others) or 1e-9  # nobody has less than no regret
    ratio = statistics.mean(ones) / mean
    rest = [one - ratio * other for one, other in zip(ones, others)]
    return ratio, statistics.pstdev(rest) / max(1, len(rest) - 1) ** 0.5 / mean


def measured(folder, seeds):
    """Yield the rows; needs Optuna."""
    systems = (
        [read(path) for path in sorted(glob.glob(os.path.join(folder, "*.csv")))]
        if folder
        else list(map(made_up, range(9)))
    )
    searchers = (search, tpe, chance)
    for noise in (False, True):
        label = "with %d %% noise" % (100 * NOISE) if noise else "without noise"
        runs = {}
        for system in systems:
            for searcher in searchers:
                runs[system, searcher] = [regrets(system, searcher, seed, noise) for seed in range(seeds)]
            yield (
                "%s, %d settings, %s: the mean regret at 10, 30, 50; TPE; random"
                % (system.name, len(system.space), label),
                "; ".join(
                    " ".join("%.3f" % statistics.mean(column) for column in zip(*runs[system, searcher]))
                    for searcher in searchers
                ),
                "",
                True,
            )
        for kind, chosen in (("all", systems), ("full grids", [system for system in systems if system.is_full])):
            for index, count in enumerate(COUNTS if chosen else ()):
                ours, theirs, random_ones = (
                    [statistics.mean(runs[system, searcher][seed][index] for system in chosen) for seed in range(seeds)]
                    for searcher in searchers
                )
                ratio, error = over(ours, theirs)
                target = TARGET_WITH_NOISE if noise else TARGETS[count] if kind == "all" else TARGET_ON_FULL_GRIDS
                yield (
                    "%s (%d), %s, %d measurements: the mean regret, of TPE's" % (kind, len(chosen), label, count),
                    "%.2f ± %.2f (random %.2f)" % (ratio, error, over(random_ones, theirs)[0]),
                    "at most %g" % target,
                    ratio <= target,
                )


def rows(folder="", seeds=SEEDS):
    """Yield what ``measured`` yields in a virtual environment that has Optuna."""
    with tempfile.TemporaryDirectory() as environment:
        python = os.path.join(environment, "bin", "python")
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "optuna"]
        subprocess.run(install, check=True, stderr=subprocess.DEVNULL)
        command = [python, os.path.abspath(__file__), "--with-optuna", folder, str(seeds)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, universal_newlines=True) as process:
            for line in process.stdout:
                yield tuple(json.loads(line))
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--with-optuna"]:
        for row in measured(sys.argv[2], int(sys.argv[3])):
            print(json.dumps(row), flush=True)
    else:
        table.show(rows(*sys.argv[1:2], *map(int, sys.argv[2:3])))
