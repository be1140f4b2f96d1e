"""The descriptions of settings → the space to search: the values that each may take, and whether they are ordered."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Callable, Dict, Mapping, Sequence, Tuple, Union

from servo_batch.settings import type_of

Number = Union[int, float]

# So many levels a range has at most that is not told its step, or whose levels are to be even in the logarithm.
LEVELS = 100
# A finer step is as good as none.
FINEST = 10**12


def space(descriptions: Mapping[str, Dict[str, Any]]) -> Dict[str, Tuple[Sequence[Any], bool]]:
    """Return ``{name: (values, ordered)}`` of each range and enum among ``{name: description}``, in that order.

    A description is a setting's, as the configuration has it and has checked it. A range gives its levels, ascending,
    ``min`` and ``max`` among them: by its ``step``, without one 100; with ``scale: log`` at most 100, even in the
    logarithm. They are whole where ``min``, ``max`` and ``step`` are; without a step, where ``min`` and ``max`` are and
    lie at least 99 apart, or the scale is logarithmic. An enum gives its values. Settings that are neither keep their
    values, so they are no part of the space.
    """
    found: Dict[str, Tuple[Sequence[Any], bool]] = {}
    for name, description in descriptions.items():
        kind = type_of(description)
        if kind == "range":
            found[name] = (_levels(description), True)
        elif kind == "enum":
            found[name] = (_distinct(description["values"]), False)
    return found


def _levels(description: Mapping[str, Any]) -> Sequence[Number]:
    low, high, step = description["min"], description["max"], description.get("step")
    if low == high:
        return (low,)
    is_log = description.get("scale") == "log"
    if is_log or step is None or _decimal(high) - _decimal(low) > FINEST * _decimal(step):
        return _spread(low, high, is_log)
    return _Levels(low, high, step)


class _Levels(Sequence[Number]):
    """The levels of a range by its step, each computed when it is asked for: a step of a byte makes a thousand million.

    They are sums of decimal numbers, so that they are the numbers that people write: 0.3, not 0.1 + 0.1 + 0.1. The
    last one is ``high``, also where whole steps only come near to it.
    """

    def __init__(self, low: Number, high: Number, step: Number) -> None:
        is_whole = all(isinstance(number, int) for number in (low, high, step))
        exact: Callable[[Number], Any] = int if is_whole else _decimal
        self._low, self._high, self._step = map(exact, (low, high, step))
        self._kind = int if is_whole else float
        self._steps = int(((_decimal(high) - _decimal(low)) / _decimal(step)).to_integral_value())

    def __len__(self) -> int:
        return self._steps + 1

    def __getitem__(self, index: Any) -> Any:
        level = range(len(self))[index]
        return self._kind(self._high if level == self._steps else self._low + level * self._step)


def _spread(low: Number, high: Number, is_log: bool) -> Sequence[Number]:
    """Return at most 100 levels, even or even in the logarithm, those between with no more digits than that takes."""
    first, last, between = _decimal(low), _decimal(high), LEVELS - 1
    are_whole = isinstance(low, int) and isinstance(high, int) and (is_log or high - low >= between)
    if is_log:
        gap = (last / first).ln() / between
        digits = max(2, 1 - (gap / 3).adjusted())
        inner = [Decimal(f"{first * (gap * i).exp():.{digits - 1}e}") for i in range(1, between)]
    else:
        digit = Decimal(1).scaleb(0 if are_whole else ((last - first) / between).adjusted())
        exact = (first + (last - first) * i / between for i in range(1, between))
        inner = [(each / digit).to_integral_value(ROUND_HALF_UP) * digit for each in exact]
    kind = int if are_whole else float
    return tuple(sorted({kind(low), kind(high)}.union(kind(level) for level in inner if low < level < high)))


def _decimal(number: Number) -> Decimal:
    """Return the number as it is written."""
    return Decimal(repr(number))


def _distinct(values: Sequence[Any]) -> Sequence[Any]:
    """Return the values without repetitions; true is not 1."""
    found: Dict[Tuple[bool, Any], Any] = {}
    for value in values:
        found.setdefault((isinstance(value, bool), value), value)
    return tuple(found.values())
