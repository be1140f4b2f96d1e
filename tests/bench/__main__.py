"""The evidence: ``python tests/bench`` runs every benchmark and prints one table. A few minutes; quiet machine, please."""

import itertools
import os
import platform
import sys

import table


def machine():
    """Return what the figures depend on, in a line."""
    with open("/proc/cpuinfo") as stream:
        models = [line.partition(":")[2].strip() for line in stream if line.startswith("model name")]
    model = models[0] if models else platform.machine()
    return "%s, %d cores, Linux %s, Python %s" % (
        model,
        os.cpu_count(),
        platform.release(),
        platform.python_version(),
    )


def main():
    """Run all; the exit status is 1 where a target is missed."""
    import against_hyperfine
    import job_benchmark
    import startup
    import yaml_speed

    print(machine())
    modules = (startup, yaml_speed, job_benchmark, against_hyperfine)
    return 0 if table.show(itertools.chain.from_iterable(module.rows() for module in modules)) else 1


if __name__ == "__main__":
    sys.exit(main())
