"""How near to the best the search of ``tune`` comes, beside Optuna's TPE; or its GPSampler, which takes PyTorch.

``python tests/tools/tuning_benchmark.py --help`` says how; it takes a Python that has Optuna. The systems are made up to
be like real ones, or with ``--tables FOLDER`` measured ones: a CSV each, the header names each setting NAME:range or
NAME:enum, the last column, objective, is to be minimised.

The first settings are random ones, the same for all. Of a table, what is asked for is mapped to the nearest row that was
not told yet. The gap is (cost of what is kept - least cost) / (median cost - least cost), without the noise. Kept is what
``choose`` says, of Optuna's the best that was observed. ± is the standard error over the seeds, for these systems.
"""

import argparse
import csv
import glob
import math
import os
import random
import statistics
import sys
import warnings

import optuna

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src"))
from servo_batch.tuning.search import choose, propose

COUNTS = (10, 20, 30, 50)
FAILURE = 0.3  # a gap that is none any more
warnings.simplefilter("ignore")  # group is experimental
optuna.logging.set_verbosity(optuna.logging.ERROR)


class Table:
    """A system that was measured whole, or in part; ``space`` is as the search has it."""

    def __init__(self, path):
        with open(path, newline="") as stream:
            header, *rows = csv.reader(stream)
        self.name = os.path.splitext(os.path.basename(path))[0]
        self.space, columns = {}, []
        for index, (name, kind) in enumerate(title.split(":") for title in header[:-1]):
            values = [float(row[index]) if kind == "range" else row[index] for row in rows]
            different = sorted(set(values))
            self.space[name] = (range(len(different)), kind == "range")
            columns.append([different.index(value) for value in values])
        self._costs = dict(zip(zip(*columns), (float(row[-1]) for row in rows)))
        self.cost = self._costs.get
        self.least, self.median = min(self._costs.values()), statistics.median(self._costs.values())

    def any_point(self, rng):
        return rng.choice(list(self._costs))

    def nearest(self, point, told):
        """Return the point nearest to ``point`` that is in the table and not ``told``."""

        def distance(other):
            levels = zip(point, other, self.space.values())
            return sum(abs(a - b) / len(values) if ordered else a != b for a, b, (values, ordered) in levels)

        return min((other for other in self._costs if other not in told), key=distance)


class MadeUp:
    """A job whose time, or negated throughput, has factors: humps and saturation, small effects, a few pairs."""

    def __init__(self, seed):
        rng = random.Random("made up %d" % seed)
        self.name = "made up %d" % seed
        count = rng.randint(4, 10)
        wide = rng.choice((1, 1, 2))
        lengths = [(rng.randint(30, 200), True) for _ in range(wide)]
        lengths += [
            (rng.randint(3, 12), True) if rng.random() < 0.5 else (rng.choice((2, 2, 3, 4)), False)
            for _ in range(count - wide)
        ]
        rng.shuffle(lengths)
        self.space = {"s%d" % i: (range(length), ordered) for i, (length, ordered) in enumerate(lengths)}
        self._factors = [_wide(rng, n) if n >= 30 else _small(rng, n, ordered) for n, ordered in lengths]
        self._pairs = []
        for _ in range(count // 2):
            one, other = rng.sample(range(count), 2)
            size = 0.3 * rng.expovariate(1)
            self._pairs.append((one, other, _slope(rng, *lengths[one], size), _slope(rng, *lengths[other], 1)))
        self._is_time = rng.random() < 0.5
        some = [self.any_point(rng) for _ in range(2000)]
        self.median = statistics.median(map(self.cost, some))
        self.least = min(self.cost(self._descended(point)) for point in sorted(some, key=self.cost)[:10])

    def any_point(self, rng):
        return tuple(rng.randrange(len(values)) for values, _ in self.space.values())

    def nearest(self, point, told):
        return point

    def cost(self, point):
        log = sum(factor[level] for factor, level in zip(self._factors, point))
        log += sum(ones[point[one]] * others[point[other]] for one, other, ones, others in self._pairs)
        return math.exp(-log) if self._is_time else -math.exp(log)

    def _descended(self, point):
        """Return the best that changes of one or two settings lead to."""
        lengths = [len(values) for values, _ in self.space.values()]
        while True:
            near = [point[:i] + (level,) + point[i + 1 :] for i, n in enumerate(lengths) for level in range(n)]
            for one, other, _, _ in self._pairs:
                for level in range(lengths[one]):
                    for another in range(lengths[other]):
                        changed = list(point)
                        changed[one], changed[other] = level, another
                        near.append(tuple(changed))
            best = min(near, key=self.cost)
            if self.cost(best) >= self.cost(point):
                return point
            point = best


def _wide(rng, length):
    """Return the logarithm of a throughput over a wide range: one that saturates, and mostly declines after that."""
    size = rng.uniform(0.3, 1.0)
    if rng.random() < 0.3:
        half = rng.uniform(0.03, 0.3) * length
        return [size * 2 * math.log((n + 1) / (n + 1 + half)) for n in range(length)]
    peak = length * rng.uniform(0.08, 0.8)  # Gunther's law of scalability has it at sqrt((1 - contention) / coherence)
    contention = rng.uniform(0.02, 0.2)
    coherence = (1 - contention) / peak**2
    throughputs = [n / (1 + contention * (n - 1) + coherence * n * (n - 1)) for n in range(1, length + 1)]
    logs = [size * math.log(each) for each in throughputs]
    return logs if rng.random() < 0.7 else logs[::-1]


def _small(rng, length, ordered):
    size = 0.25 * rng.expovariate(1)
    if not ordered:
        return [size * rng.gauss(0, 1) for _ in range(length)]
    places = [level / (length - 1) for level in range(length)]
    centre, sign = rng.random(), rng.choice((-1, 1))
    shapes = (
        lambda x: -2 * abs(x - centre),
        lambda x: sign * x,
        lambda x: float(x > centre) * sign,
        lambda x: 1.2 * sign / (1 + 5 * x),
        lambda x: -3 * (x - centre) ** 2,
    )
    shape = rng.choice(shapes)
    return [size * 2 * shape(place) for place in places]


def _slope(rng, length, ordered, size):
    if not ordered:
        return [size * rng.choice((-1, 0, 1)) for _ in range(length)]
    sign = rng.choice((-1, 1))
    return [size * sign * (2 * level / (length - 1) - 1) for level in range(length)]


def tune(system, seed):
    """Return what asks as ``tune`` does, and what says which point is kept."""
    return (
        lambda past: propose(system.space, past, seed),
        lambda past: tuple(choose(system.space, past).values()),
    )


def by_optuna(sampler, **options):
    """Return what asks as a sampler of Optuna's does; kept is the best that was observed."""

    def searcher(system, seed):
        study = optuna.create_study(sampler=getattr(optuna.samplers, sampler)(seed=seed, **options))
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
            study.tell(trial, state=optuna.trial.TrialState.FAIL)  # what it is mapped to is told instead
            return trial.params

        return ask, lambda past: tuple(min(past, key=lambda one: one[1])[0].values())

    return searcher


SEARCHERS = {"tune": tune, "gp": by_optuna("GPSampler"), "tpe": by_optuna("TPESampler", multivariate=True, group=True)}


def gaps(system, searcher, seed, noise):
    """Return the gap of what is kept after each of ``COUNTS`` measurements; ``noise`` in per cent."""
    rng = random.Random("%s %d" % (system.name, seed))
    ask, kept = SEARCHERS[searcher](system, seed)
    point = system.any_point(rng)
    past, told, found = [], set(), []
    while True:
        told.add(point)
        past.append((dict(zip(system.space, point)), system.cost(point) * max(0.3, 1 + noise / 100 * rng.gauss(0, 1))))
        if len(past) in COUNTS:
            cost = system.cost(kept(past))
            found.append((cost - system.least) / (system.median - system.least))
        if len(past) == max(COUNTS):
            return found
        asked = ask(past)
        point = system.nearest(tuple(asked[name] for name in system.space), told)


def over(ones, others):
    """Return the mean of the first over that of the second, and its standard error, one of each being a pair."""
    mean = statistics.mean(others) or 1e-9  # nobody has less than no gap
    ratio = statistics.mean(ones) / mean
    rest = [one - ratio * other for one, other in zip(ones, others)]
    return ratio, statistics.pstdev(rest) / max(1, len(rest) - 1) ** 0.5 / mean


def report(systems, searcher, seeds, noise):
    """Print a line for each number of measurements and searcher: TPE, then the other in units of TPE's gap."""
    of_tpe = {}
    for name in ("tpe", searcher):
        by_seed = [[gaps(system, name, seed, noise) for system in systems] for seed in range(seeds)]
        for index, count in enumerate(COUNTS):
            columns = [[each[index] for each in of_seed] for of_seed in by_seed]
            means = list(map(statistics.mean, columns))
            ratio = over(means, of_tpe.setdefault(count, means))
            failures = sum(gap > FAILURE for column in columns for gap in column) / len(systems) / seeds
            row = (noise, count, name, statistics.mean(means), failures, *ratio)
            print("%5d %13d %8s %9.3f %9.2f  %.2f ± %.2f" % row, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tables", metavar="FOLDER", help="a folder of tables of measured systems")
    parser.add_argument("--systems", type=int, default=20, help="else how many made-up systems (20)")
    parser.add_argument("--seeds", type=int, default=20, help="how many seeds of each (20)")
    parser.add_argument("--noise", type=int, nargs="+", default=[0, 5, 10, 20], help="in per cent (0 5 10 20)")
    parser.add_argument("--searcher", choices=SEARCHERS, default="tune", help="what is beside TPE (tune)")
    options = parser.parse_args()
    tables = sorted(glob.glob(os.path.join(options.tables, "*.csv"))) if options.tables else []
    systems = list(map(Table, tables) if tables else map(MadeUp, range(options.systems)))
    print("noise  measurements   search  mean gap  failures  of TPE's mean")
    for noise in options.noise:
        report(systems, options.searcher, options.seeds, noise)


if __name__ == "__main__":
    main()
