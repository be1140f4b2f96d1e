"""The pictures: well-formed, alone, no text over another, readable in light and dark."""

import itertools
import re
import xml.etree.ElementTree as ElementTree

import history_cases
import pytest
from history_cases import trial

from servo_batch.history import svg, trials

CASES = history_cases.cases()
SVG = "{http://www.w3.org/2000/svg}"


def picture(found, label="cost", unit="dollars", minimize=True, units=None):
    rows = trials.pooled(found, minimize)
    best = trials.best(rows, minimize)
    return svg.Picture(label, unit or "", minimize, trials.in_order(rows, minimize), best, units or {})


def drawn(found, *arguments, **matters):
    return ElementTree.fromstring(svg.history(picture(found, *arguments), matters).encode("utf-8"))


DRAWN = {name: lambda case=case: svg.history(picture(*case), {}) for name, case in CASES.items()}
DRAWN.update(("compared-" + name, lambda case=case: svg.comparison(picture(*case))) for name, case in CASES.items())


def texts(root):
    return ["".join(one.itertext()) for one in root.iter(SVG + "text")]


def by_class(root, name):
    return [one for one in root.iter() if name in one.get("class", "").split()]


def box(element):
    """Return the left, right, upper and lower end of a text, as they are estimated."""
    wide = 0.0
    for piece in element:
        bold = svg.STRONG if "strong" in piece.get("class") else 1
        wide += svg.width(piece.text or "", float(piece.get("font-size")) * bold) + float(piece.get("dx"))
    x, y, size = (float(element.get(name)) for name in ("x", "y", "font-size"))
    left = x - {"middle": wide / 2, "end": wide}.get(element.get("text-anchor"), 0)
    return left, left + wide, y - 0.75 * size, y + 0.22 * size


@pytest.mark.parametrize("draw", list(DRAWN.values()), ids=list(DRAWN))
def test_no_text_covers_another_or_leaves_the_picture(draw):
    root = ElementTree.fromstring(draw().encode("utf-8"))
    boxes = [("".join(one.itertext()), box(one)) for one in root.iter(SVG + "text")]
    for text, (left, right, upper, lower) in boxes:
        assert left >= 0, text
        assert right <= svg.WIDTH, text
        assert 0 <= upper < lower <= float(root.get("height")), text
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        assert a[1] <= b[0] or b[1] <= a[0] or a[3] <= b[2] or b[3] <= a[2], (one, other)


@pytest.mark.parametrize("draw", list(DRAWN.values()), ids=list(DRAWN))
def test_every_mark_lies_within_the_picture_which_needs_nothing_else(draw):
    document = draw()
    root = ElementTree.fromstring(document.encode("utf-8"))
    for circle in root.iter(SVG + "circle"):
        assert svg.MARGIN <= float(circle.get("cx")) <= svg.WIDTH - svg.MARGIN / 2
        assert 0 <= float(circle.get("cy")) <= float(root.get("height"))
    for path in root.iter(SVG + "path"):
        assert not re.search("nan|inf", path.get("d"))
    tags = {one.tag.replace(SVG, "") for one in root.iter()}
    assert tags <= {"svg", "title", "style", "rect", "text", "tspan", "path", "circle"}
    assert not re.search(r"href|src|url|@import|on[a-z]+=", document.split("</style>")[0].split("<style>")[1])
    assert document.count("http") == 1  # the name of SVG itself


def test_text_of_others_is_text():
    name = "<script>alert(1)</script>&\"'\0\x1b\ud800\u202e"
    root = drawn([trial(number, {name: name + str(number)}, 1.0 + number) for number in (1, 2)], name, name)
    assert root.find(".//" + SVG + "script") is None
    assert any(text.startswith("<script>alert(1)</script>&\"'") for text in texts(root))


def test_each_measurement_has_its_mark():
    found = CASES["30-of-one"][0]
    failed = sum(one.objective is None for one in found)
    root = drawn(found)
    best = len(by_class(root, "best"))
    assert best % 2 == 0  # in both charts
    assert len(by_class(root, "point")) + best == 2 * (len(found) - failed)
    assert len(by_class(root, "failed")) == failed > 0


def test_runs_have_a_bar_and_what_tune_confirmed_a_ring():
    found = [trial(1, {"a.x": 1}, 9.0), trial(2, {"a.x": 2}, 5.0, runs=[4.0, 5.0, 7.0])]
    root = drawn(found)
    assert len(by_class(root, "bar")) == 1
    assert not by_class(root, "ring")
    found += [trial(3 + n, {"a.x": 3}, 6.0 + n / 10, purpose="confirm best") for n in range(3)]
    found += [trial(6 + n, {"a.x": 1}, 9.0 + n / 10, purpose="confirm default") for n in range(3)]
    root = drawn(found)
    assert len(by_class(root, "ring")) == 2 * 3
    assert "Best: 6.1 dollarsmedian of 3 runs, confirmed by tune" in texts(root)


def test_the_setting_that_matters_most_comes_first():
    found = [trial(n, {"a.x": n % 2, "b.y": n % 3, "c.z": n % 5}, 1.0 + n) for n in range(1, 25)]
    root = drawn(found, **{"c.z": "most", "b.y": "little"})
    titles = [text for text in texts(root) if text.startswith(("a.x", "b.y", "c.z"))][-3:]
    assert titles == ["c.zexplains most", "b.yexplains little", "a.x"]


def test_the_best_is_named_with_its_settings():
    found = [trial(1, {"a.x": 1, "a.y": "u"}, 20.0), trial(2, {"a.x": 2, "a.y": "u"}, 5.0)]
    shown = texts(drawn(found, "cost", "dollars", True, {"a.x": "cores"}))
    assert "Best: 5 dollarsone run" in shown
    assert "a.x2 cores" in shown
    assert not any("a.y" in text for text in shown)


def test_more_names_than_fit_are_those_of_the_best_results_and_many_numbers_share_strips():
    assert any("the best 30 of 1" in text for text in texts(drawn(*CASES["many-categories"])))
    labels = texts(drawn([trial(n, {"a.x": n}, 5.0 + n) for n in range(1, 101)]))
    assert "1 to 9" in labels
    assert "100" in labels


def test_long_values_are_told_apart_by_what_differs():
    values = ["org.example.collectors.of.garbage.%s.with.a.long.end.too" % name for name in ("G1", "Parallel" * 9, "Z")]
    labels = texts(drawn([trial(n, {"jvm.gc": value}, 5.0 + n) for n, value in enumerate(values, 1)]))
    assert "…G1…" in labels
    assert "…Z…" in labels


def test_a_value_that_would_flatten_all_others_is_off_the_scale():
    assert not any("4000" in text for text in texts(drawn(*CASES["outlier"])))


def luminance(colour):
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colours", [svg.LIGHT, svg.DARK])
def test_contrast_is_what_wcag_asks(colours):
    for name, least in (("text", 7), ("quiet", 4.5), ("accent", 4.5), ("mark", 3)):
        light, dark = sorted((luminance(colours[name]), luminance(colours["paper"])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= least, name
