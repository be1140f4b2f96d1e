"""The pictures: well-formed, alone, no text over another, readable in light and dark."""

import itertools
import re
import xml.etree.ElementTree as ElementTree

import pytest
from history_cases import CASES, confirmed, trial

from servo_batch.columns import width
from servo_batch.history import svg, trials

SVG = "{http://www.w3.org/2000/svg}"


def drawn(found, label="{total_runtime}", minimize=True, **matters):
    return ElementTree.fromstring(svg.history(trials.view(found, label, minimize), matters).encode("utf-8"))


def texts(root):
    return [one.text for one in root.iter(SVG + "text")]


def shapes(root, tag, name, drawn_as=""):
    found = [one for one in root.iter(SVG + tag) if one.get("class") == name]
    return [one for one in found if drawn_as in one.get("d", "")]


def box(element):
    """Return the left, right, upper and lower end of a text, as they are estimated."""
    x, y, size = (float(element.get(name)) for name in ("x", "y", "font-size"))
    wide = width(element.text or "") * svg.CHARACTER * size
    left = x - {"middle": wide / 2, "end": wide}.get(element.get("text-anchor"), 0)
    return left, left + wide, y - 0.75 * size, y + 0.22 * size


@pytest.mark.parametrize("draw", [lambda view: svg.history(view, {}), svg.comparison])
@pytest.mark.parametrize("name", list(CASES))
def test_a_picture_needs_nothing_else_and_nothing_lies_over_another_or_outside(draw, name):
    document = draw(trials.view(*CASES[name]))
    root = ElementTree.fromstring(document.encode("utf-8"))
    height = float(root.get("height"))
    boxes = [(one.text, box(one)) for one in root.iter(SVG + "text")]
    assert [text for text, (left, right, *_) in boxes if left < 0 or right > svg.WIDTH] == []
    assert [text for text, (*_, upper, lower) in boxes if not 0 <= upper < lower <= height] == []
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        assert a[1] <= b[0] or b[1] <= a[0] or a[3] <= b[2] or b[3] <= a[2], (one, other)
    for circle in root.iter(SVG + "circle"):
        assert svg.LEFT <= float(circle.get("cx")) <= svg.RIGHT
        assert 0 <= float(circle.get("cy")) <= height
    assert not any(re.search("nan|inf", path.get("d")) for path in root.iter(SVG + "path"))
    tags = {one.tag.replace(SVG, "") for one in root.iter()}
    assert tags <= {"svg", "title", "style", "rect", "text", "path", "circle"}
    assert not re.search(r"href|src|url|@import|on[a-z]+=", document.split("</style>")[0].split("<style>")[1])
    assert document.count("http") == 1  # the name of SVG itself


def test_text_of_others_is_text():
    name = "<script>alert(1)</script>&\"'\0\x1b\ud800\u202e"
    root = drawn([trial(number, {name: name + str(number)}, 1.0 + number) for number in (1, 2)], name)
    assert root.find(".//" + SVG + "script") is None
    assert any(text.startswith("<script>alert(1)</script>&\"'") for text in texts(root))


def test_each_measurement_has_its_mark_in_both_charts():
    found = CASES["30-of-one"][0]
    failed = sum(one.objective is None for one in found)
    root = drawn(found)
    best = len(shapes(root, "circle", "best"))
    assert best % 2 == 0
    assert len(shapes(root, "circle", "point")) + best == 2 * (len(found) - failed)
    assert len(shapes(root, "path", "quiet", "l6 6")) == failed > 0
    assert sum(int(text.split()[0]) for text in texts(root) if text.endswith(" failed")) == failed


def test_runs_have_a_bar_and_the_best_its_settings():
    found = [trial(101, {"a.x": 1, "a.y": 0}, 9.0), trial(102, {"a.x": 2, "a.y": 0}, 5.0, runs=[4.0, 5.0, 7.0])]
    root = drawn(found)
    assert len(shapes(root, "path", "point")) == 1
    assert {"Best: 5 seconds", "runs: 3", "a.x=2", "101", "102"} <= set(texts(root))
    found += confirmed({"a.x": 3, "a.y": 0}, [6.0, 6.1, 6.2], {"a.x": 1, "a.y": 0}, [9.0, 9.1, 9.2], 103)
    assert {"Best: 6.1 seconds", "runs: 3, confirmed by tune", "a.x=3"} <= set(texts(drawn(found)))


def test_the_setting_that_matters_most_comes_first_and_many_numbers_share_strips():
    found = [trial(n, {"a.x": n % 2, "b.y": n % 3, "c.z": n}, 1.0 + n) for n in range(1, 101)]
    shown = texts(drawn(found, **{"c.z": "most", "b.y": "little"}))
    about = [(name, text) for name, text in zip(shown, shown[1:]) if text.startswith("| median")]
    assert about == [("c.z", "| median, explains most"), ("b.y", "| median, explains little"), ("a.x", "| median")]
    assert [text for text in shown if " to " in text] == ["%d to %d" % (n, n + 4) for n in range(1, 101, 5)]


def test_a_value_that_would_flatten_all_others_is_a_ring_at_the_edge():
    found = CASES["outlier"][0]
    root = drawn(found)
    assert not any("4000" in text for text in texts(root))
    assert len(shapes(root, "path", "quiet", "a3.5")) == 2
    assert len(shapes(root, "circle", "point") + shapes(root, "circle", "best")) == 2 * (len(found) - 1)


def luminance(colour):
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colours", [svg.LIGHT, svg.DARK])
def test_contrast_is_what_wcag_asks(colours):
    for name, least in (("text", 7), ("quiet", 4.5), ("best", 4.5), ("point", 3)):
        light, dark = sorted((luminance(colours[name]), luminance(colours["paper"])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= least, name
