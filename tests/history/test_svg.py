"""The picture of the history: well-formed, alone, nothing overlapping, readable in light and dark."""

import itertools
import math
import re
import xml.etree.ElementTree as ElementTree

import history_cases
import pytest
from history_cases import trial

from servo_batch.history import drawing, svg

CASES = history_cases.cases()
SVG = "{http://www.w3.org/2000/svg}"


def drawn(name):
    return ElementTree.fromstring(svg.document(*CASES[name]).encode("utf-8"))


def texts(root):
    return ["".join(one.itertext()) for one in root.iter(SVG + "text")]


def by_class(root, name):
    return [one for one in root.iter() if name in one.get("class", "").split()]


def box(element):
    """Return the corners of a text, as they are estimated."""
    size = float(element.get("font-size"))
    width = 0.0
    for piece in [element, *element]:
        bold = drawing.STRONG if "strong" in piece.get("class", "") else 1
        width += drawing.width(piece.text or "", float(piece.get("font-size", size)) * bold) + float(piece.get("dx", 0))
    x, y = float(element.get("x")), float(element.get("y"))
    left = x - {"middle": width / 2, "end": width}.get(element.get("text-anchor"), 0)
    corners = [
        (left, y - 0.75 * size),
        (left + width, y - 0.75 * size),
        (left + width, y + 0.22 * size),
        (left, y + 0.22 * size),
    ]
    turn = re.match(r"rotate\((\S+) (\S+) (\S+)\)", element.get("transform", ""))
    if not turn:
        return corners
    angle, around_x, around_y = map(float, turn.groups())
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    return [
        (
            around_x + (a - around_x) * cosine - (b - around_y) * sine,
            around_y + (a - around_x) * sine + (b - around_y) * cosine,
        )
        for a, b in corners
    ]


def overlap(one, other):
    """Tell whether two rectangles share a point: no line along a side of either keeps them apart."""
    for corners in (one, other):
        for (a, b), (c, d) in ((corners[0], corners[1]), (corners[1], corners[2])):
            spans = [[x * (c - a) + y * (d - b) for x, y in shape] for shape in (one, other)]
            if max(spans[0]) <= min(spans[1]) or max(spans[1]) <= min(spans[0]):
                return False
    return True


@pytest.mark.parametrize("name", CASES)
def test_no_text_covers_another_or_leaves_the_picture(name):
    all_stand_apart(drawn(name))


def test_a_long_unit_leaves_room_for_the_name_of_its_setting():
    names = ["component.%d" % number + "_setting" * 5 for number in range(3)]
    trials = [trial(number, dict.fromkeys(names, 10**9 * number), 1.0 * number) for number in range(1, 30)]
    root = ElementTree.fromstring(svg.document(trials, "x", None, True, dict.fromkeys(names, "MiB per node " * 9)))
    all_stand_apart(root)
    assert sum(text.startswith("comp") and "\N{MULTIPLICATION SIGN}10" in text for text in texts(root)) == 3


def all_stand_apart(root):
    height = float(root.get("height"))
    boxes = [("".join(one.itertext()), box(one)) for one in root.iter(SVG + "text")]
    for text, corners in boxes:
        assert all(0 <= x <= drawing.WIDTH and 0 <= y <= height for x, y in corners), text
    for (one, corners), (other, others) in itertools.combinations(boxes, 2):
        assert not overlap(corners, others), (one, other)


@pytest.mark.parametrize("name", CASES)
def test_every_mark_lies_within_the_picture(name):
    root = drawn(name)
    for circle in root.iter(SVG + "circle"):
        assert drawing.MARGIN <= float(circle.get("cx")) <= drawing.WIDTH - drawing.MARGIN / 2
        assert 0 <= float(circle.get("cy")) <= float(root.get("height"))
    for path in root.iter(SVG + "path"):
        assert "nan" not in path.get("d")
        assert "inf" not in path.get("d")


@pytest.mark.parametrize("name", CASES)
def test_it_needs_nothing_from_elsewhere(name):
    document = svg.document(*CASES[name])
    tags = {one.tag.replace(SVG, "") for one in drawn(name).iter()}
    assert tags <= {"svg", "title", "style", "rect", "text", "tspan", "path", "circle"}
    assert re.findall(r"(?:href|src|url|@import|on[a-z]+=)", document.split("</style>")[0].split("<style>")[1]) == []
    assert document.count("http") == 1  # the name of SVG itself


def test_text_of_others_is_text():
    name = "<script>alert(1)</script>&\"'\0\x1b\ud800\u202e"
    trials = [trial(number, {name: name + str(number)}, 1.0 + number) for number in (1, 2)]
    root = ElementTree.fromstring(svg.document(trials, name, name, True, {name: name}).encode("utf-8"))
    assert root.find(".//" + SVG + "script") is None
    assert any(text.startswith("<script>alert(1)</script>&\"'") for text in texts(root))


def test_each_measurement_has_its_mark():
    root = drawn("30-of-one")
    trials = CASES["30-of-one"][0]
    failed = sum(one.objective is None for one in trials)
    assert failed
    # In both charts, and once in the legend.
    assert len(by_class(root, "failed")) == 2 * failed + 1
    assert len(by_class(root, "point")) == 2 * (len(trials) - failed - 1) + 1
    assert len(by_class(root, "best")) == 2 + 1


def test_the_best_is_named_with_its_settings_and_gain():
    trials = [trial(1, {"a.x": 1, "a.y": "u"}, 20.0), trial(2, {"a.x": 2, "a.y": "u"}, 5.0)]
    shown = texts(ElementTree.fromstring(svg.document(trials, "cost", "dollars", True, {"a.x": "cores"})))
    assert "Best: 5 dollarsmeasurement 2, 75\N{NO-BREAK SPACE}% below the first" in shown
    assert "a.x2 cores" in shown
    assert not any("a.y" in text for text in shown)
    upwards = texts(ElementTree.fromstring(svg.document(trials, "cost", None, False)))
    assert "Best: 20measurement 1" in upwards


def test_a_value_that_would_flatten_all_others_is_off_the_scale():
    root = drawn("outlier")
    assert "off the scale" in texts(root)
    assert not any("4000" in text for text in texts(root))
    assert "off the scale" not in texts(drawn("300-of-one"))


def test_numbers_that_double_stand_evenly_apart_where_a_scale_would_squeeze_them():
    trials = [trial(number + 1, {"a.x": 1 << number, "a.y": 0}, 5.0 + number) for number in range(12)]
    root = ElementTree.fromstring(svg.document(trials, "cost", None, True).encode("utf-8"))
    places = [float(one.get("x")) for one in root.iter(SVG + "text") if one.text in ("1024", "2048")]
    assert len(places) == 2
    assert places[1] - places[0] > 50


def test_more_names_than_fit_are_those_of_the_best_results():
    root = drawn("many-categories")
    assert any(re.search(r"the best 3\d of 1\d\d values$", text) for text in texts(root))


def luminance(colour):
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colours", [drawing.LIGHT, drawing.DARK])
def test_contrast_is_what_wcag_asks(colours):
    for name, least in (("text", 7), ("quiet", 4.5), ("accent", 4.5), ("mark", 3)):
        light, dark = sorted((luminance(colours[name]), luminance(colours["paper"])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= least, name
