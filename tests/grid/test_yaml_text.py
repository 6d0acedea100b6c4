"""The YAML of grid files: every trap is one sentence with its line, and no file unfolds without bound."""

import pytest

from xtl.base.errors import UserError
from xtl.grid.yaml_text import read


@pytest.mark.parametrize(
    "text, value",
    [
        ("on: english_dev", {"on": "english_dev"}),
        ("{no: 1, 1e5: 2, 7: 3, 2020-01-01: 4}", {"no": 1, "1e5": 2, "7": 3, "2020-01-01": 4}),
        ("[1e-5, 1.0e-5, 2E3, 1_000, 0x1f, 12e]", [1e-5, 1e-5, 2000.0, 1000, 31, "12e"]),
        ("[2020-01-01, '010', '12:30', 0, 0.5, =]", ["2020-01-01", "010", "12:30", 0, 0.5, "="]),
        ("[no, off, yes, on, 'no']", [False, False, True, True, "no"]),
        ("{a: &a {x: 1, y: 2}, b: {<<: *a, y: 3}}", {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}),
        # the merged map is itself merged, deeper than where it is merged into
        ("a: &a {x: 1}\nm: {z: &m {<<: *a, x: 2}}\nt: {<<: *m}", {"a": {"x": 1}, "m": {"z": {"x": 2}}, "t": {"x": 2}}),
        ("", None),
    ],
)
def test_values(text, value):
    assert read(text) == value


@pytest.mark.parametrize(
    "text, message",
    [
        ("a: 1\nb: 010", "line 2: YAML reads 010 to the base of 8"),
        ("a: 12:30", "line 1: YAML reads 12:30 to the base of 60"),
        ("a: 1:30.5", "to the base of 60"),
        ("a: !!bool abc", "line 1: the tag !!bool is not read here"),
        ("a: !!python/name:os.system x", "line 1: the tag !!python/name:os.system"),
        ("a: !mine {}", "line 1: the tag !mine"),
        ("a: {b: 1,\n b: 2}", "line 2: the key 'b' stands twice"),
        ("a: 1\n? [b]\n: c", "line 2: a list or a map stands as a key"),
        ("a:\n\t- b", "line 2: not valid YAML .*indent with spaces, not with tabs"),
        ("a: &a [*a]", "line 1: it refers to itself"),
        ("a: &a {b: {c: *a}}", "line 1: it refers to itself"),
        ("a: " + "[" * 5000, "nested too deeply"),
        ("a: \x07", "not valid YAML"),
        ('a: "\\UFFFFFFFF"', "not valid YAML"),
        ("a: " + "9" * 5000, "not valid YAML"),
        ("a: *b", "undefined alias"),
        ("a: 1\n---\nb: 2", "line 2: not valid YAML"),
        ("a: [" + "x, " * 40_000 + "]", "more than 100,000 characters"),
    ],
)
def test_mistakes(text, message):
    with pytest.raises(UserError, match=message):
        read(text)


@pytest.mark.parametrize("levels", [7, 40])
@pytest.mark.parametrize("form", ["[{}]", "{{<<: [{}]}}"])
def test_aliases_unfold_to_so_many_values_and_no_more(form, levels):
    lines = ["a0: &a0 {k: 0}"]
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} " + form.format(", ".join([f"*a{level - 1}"] * 10)))
    with pytest.raises(UserError, match=r"unfold to more than 100,000 values"):
        read("\n".join(lines))
    assert read("\n".join(lines[:3]))
