"""The text of a grid file as values: YAML whose readings nobody can mistake, of a bounded size."""

import re
from collections.abc import Iterable
from typing import Any

import yaml

from xtl.base.errors import UserError

LARGEST = 100_000  # characters of a file
MOST = 100_000  # values that it may unfold to, what an alias repeats counted every time
TEXT = "tag:yaml.org,2002:str"
UNUSED = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value")  # kinds of values that a grid has not
OCTAL = re.compile(r"[-+]?0[0-9_]+")
SIXTIES = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
EXPONENT = re.compile(r"[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+$")


class Loader(yaml.SafeLoader):
    """YAML 1.1 as PyYAML reads it, without its traps.

    A key is always text, dates are text, and 1e-5 is a number, as in YAML 1.2. A key that stands twice in a map, a tag,
    an octal number and one to the base of 60 are errors.
    """

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """As SafeLoader, with tags refused."""
        event = self.peek_event()
        if getattr(event, "tag", None) not in (None, "!"):
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise _refused(f"the tag {tag} is not read here; write the value without it", event)
        return super().compose_node(parent, index)

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """As SafeLoader, with keys read as text and the second of two equal ones refused."""
        node = super().compose_mapping_node(anchor)
        keys = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _refused("a list or a map stands as a key; a key is a word", key)
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            key.tag = TEXT
            if key.value in keys:
                raise _refused(f"the key '{key.value}' stands twice", key)
            keys.add(key.value)
        return node

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        """As SafeLoader, with numbers refused that YAML reads otherwise than people do."""
        node = super().compose_scalar_node(anchor)
        if node.style is None and OCTAL.fullmatch(node.value):
            raise _refused(f"YAML reads {node.value} to the base of 8; write it without the leading zero", node)
        if node.style is None and SIXTIES.fullmatch(node.value):
            raise _refused(f"YAML reads {node.value} to the base of 60; write the number, or put it in quotes", node)
        return node


def _resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """SafeLoader's, without the unused kinds and with numbers such as 1e-5."""
    kept = {}
    for first, entries in yaml.SafeLoader.yaml_implicit_resolvers.items():
        kept[first] = [entry for entry in entries if entry[0] not in UNUSED]
    for first in "-+0123456789":
        kept[first] = [("tag:yaml.org,2002:float", EXPONENT), *kept.get(first, [])]
    return kept


Loader.yaml_implicit_resolvers = _resolvers()


def read(text: str) -> Any:
    """The values of a YAML text; None for an empty one.

    Raises UserError that says what is wrong and in which line, without the name of the file.
    """
    if len(text) > LARGEST:
        raise UserError(f"more than {LARGEST:,} characters, which no grid needs.")
    try:
        loader = Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        if _unfolded(node, {}) > MOST:
            raise UserError(f"its aliases unfold to more than {MOST:,} values, which no grid needs; write it out.")
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"line {mark.line + 1}: " if mark else ""
        tab = "; indent with spaces, not with tabs" if "\\t" in str(error.problem) else ""
        raise UserError(f"{line}not valid YAML ({error.problem}{tab}).") from None
    except RecursionError:
        raise UserError("it is nested too deeply.") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # characters and numbers that there are not
        raise UserError(f"not valid YAML ({str(error).splitlines()[0]}).") from None


def _refused(problem: str, at: yaml.Node | yaml.Event) -> UserError:
    assert at.start_mark  # the text's parser sets it, always
    return UserError(f"line {at.start_mark.line + 1}: {problem}.")


def _children(node: yaml.Node) -> Iterable[yaml.Node]:
    """The nodes directly below one; keys are words and not counted."""
    if isinstance(node, yaml.MappingNode):
        return [value for _, value in node.value]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _unfolded(node: yaml.Node, sizes: dict[int, int]) -> int:
    """How many values a node unfolds to. sizes: of the nodes that were counted; 0 marks one that is being counted.

    Raises UserError for a node that holds itself.
    """
    if id(node) not in sizes:
        sizes[id(node)] = 0
        sizes[id(node)] = 1 + sum(_unfolded(child, sizes) for child in _children(node))
    if not sizes[id(node)]:
        raise _refused("it refers to itself", node)
    return sizes[id(node)]
