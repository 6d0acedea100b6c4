"""Executed notebooks as single HTML files that need no network and run nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import bleach
import nbformat
from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup, escape

from xtl.base.places import REPOSITORY, outputs_root

# Outputs that are shown; the rest (scripts, widgets) is dropped in favour of its plain text.
SHOWN = ("text/plain", "text/html", "text/markdown", "image/png", "image/jpeg", "image/svg+xml")
TAGS = (
    "a abbr b blockquote br caption code col colgroup dd details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i "
    "img li ol p pre s small span strong sub summary sup table tbody td tfoot th thead tr u ul"
).split()
IMAGE = re.compile(r"data:image/(png|jpeg|svg\+xml);base64,[A-Za-z0-9+/=\s]+\Z")
# An <img> as bleach writes it: every value quoted, `"` in it escaped, `>` not.
IMG = re.compile(r'<img((?:\s+[\w-]+="[^"]*")*)\s*/?>')
PLACE = re.compile(r'^(grid|base) = "(/[^"\n]*)"$', re.M)  # what an analysis was told that no page needs whole
RUNS = re.compile(r"""(?<![A-Za-z0-9+/])/[^\s"'<>&;]*/runs/(?=(pretrain|intermediate|target|analysis)/)""")
LEFT_OUT = '<span class="missing">[picture from elsewhere, left out]</span>'
TEMPLATES = Path(__file__).parent / "templates"


@cache
def _environment() -> Environment:
    """The templates of this package, everything escaped unless it is marked as markup."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html", "j2"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _stylesheet() -> Markup:
    """The style sheet of all pages."""
    return Markup((TEMPLATES / "report.css").read_text("utf-8"))


def page(template: str, **values) -> str:
    """A whole HTML page from templates/<template>.html.j2, with the style sheet in it and no path of this machine."""
    return without_places(_environment().get_template(f"{template}.html.j2").render(css=_stylesheet(), **values))


def without_places(html: str) -> str:
    """A page in which paths begin with `outputs`, with `.` for the repository or with `~`: it is there to be shared."""
    for place, short in sorted(_places().items(), key=lambda item: -len(str(item[0]))):
        if len(place.parts) > 1:  # not the root; and nothing inside the Base64 text of a picture
            html = re.sub(rf"(?<![A-Za-z0-9+/]){re.escape(str(escape(place)))}(?![\w.-])", short, html)
    return RUNS.sub("outputs/runs/", html)  # of runs that were made elsewhere, too


def _places() -> dict[Path, str]:
    """Places of this machine and what a page calls them."""
    return {outputs_root(): "outputs", REPOSITORY: ".", Path.home(): "~"}


def notebook_page(path: Path, title: str, facts: Mapping[str, str]) -> str:
    """An executed notebook as a whole HTML page; one that cannot be read becomes a page that says so.

    path: the notebook. title: heading and window title. facts: what stands above it. Text from data sets stays text:
    the rendered notebook is reduced to harmless tags, and the page forbids scripts and every request.
    """
    try:
        notebook = nbformat.read(path, as_version=4)
        body = Markup(clean(_exporter().from_notebook_node(_prepared(notebook))[0]))
    except Exception as error:  # json, schema, unknown version: whatever a run that was cut short left behind
        body = Markup("<p>The notebook of this run cannot be read ({}).</p>").format(type(error).__name__)
    return page("notebook", title=title, facts=facts, body=body, colours=_colours())


def clean(html: str) -> str:
    """HTML reduced to harmless tags, pictures inside the page and links to web addresses or places in the page.

    Headings go down by one level, because the page has its own. A picture from elsewhere leaves a note in its place.
    """
    html = re.sub(r"<style\b.*?</style>", "", html, flags=re.S | re.I)  # what pandas puts before each table
    html = bleach.clean(html, tags=TAGS, attributes=_allowed, protocols=["http", "https", "data"], strip=False)
    html = re.sub(r"<(/?)h([1-5])(?=[\s>])", lambda m: f"<{m[1]}h{int(m[2]) + 1}", html)
    return IMG.sub(_picture, html)


def _picture(found: re.Match) -> str:
    """An <img> that bleach let through, never without an alternative text; a note where it lost its address."""
    attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', found[1]))
    if "src" not in attributes:
        return LEFT_OUT
    attributes["alt"] = attributes.get("alt", "").strip() or "Picture without a description"
    return "<img" + "".join(f' {name}="{value}"' for name, value in attributes.items()) + ">"


def _allowed(tag: str, name: str, value: str) -> bool:
    if tag == "img":
        return name in ("alt", "width", "height") or name == "src" and IMAGE.match(value) is not None
    if name == "href":
        return tag == "a" and value.startswith(("https://", "http://", "#"))
    if name == "id":
        return re.fullmatch("h[1-6]", tag) is not None  # what a notebook's own links lead to
    return name in ("class", "colspan", "rowspan", "scope", "title", "open")


@cache
def _exporter():
    """nbconvert's exporter with the template that has no page around it, and so no script from elsewhere."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(template_name="basic", exclude_anchor_links=True)
    exporter.log.setLevel("ERROR")
    return exporter


def _prepared(notebook):
    """The notebook as a reader wants it: no scripts or widgets, progress as it ended, pictures with alt texts."""
    heading = "the notebook"
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            found = re.findall(r"^#+\s+(.+)$", cell.source, flags=re.M)
            heading = found[-1] if found else heading
        if cell.cell_type != "code":
            continue
        cell.source = PLACE.sub(_last_part, cell.source)
        for place in _places():  # papermill writes letters beyond ASCII as escapes
            cell.source = cell.source.replace(str(place).encode("unicode_escape").decode(), str(place))
        cell.metadata.setdefault("alt", f"Figure drawn below the heading “{heading}”")
        kept = []
        for output in cell.outputs:
            if output.output_type == "stream":
                output.text = _settled(output.text)
                if kept and kept[-1].output_type == "stream" and kept[-1].name == output.name:
                    kept[-1].text = _settled(kept[-1].text + output.text)
                    continue
            elif output.output_type in ("display_data", "execute_result"):
                output.data = {kind: value for kind, value in output.data.items() if kind in SHOWN}
                if not output.data:
                    continue
            kept.append(output)
        cell.outputs = kept
    return notebook


def _last_part(found: re.Match) -> str:
    """A parameter's place without the folders above it, unless it lies in the repository, whose place is cut anyway."""
    place = Path(found[2])
    return found[0] if place.is_relative_to(REPOSITORY) else f'{found[1]} = "…/{place.name}"'


def _settled(text: str) -> str:
    """A stream as a terminal shows it at the end: what a carriage return overwrites is gone."""
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))


@cache
def _colours() -> Markup:
    """Colours of highlighted code in light and dark."""
    from pygments.formatters import HtmlFormatter

    light = HtmlFormatter(style="default").get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".highlight")
    return Markup(
        f"{light}\n@media screen and (prefers-color-scheme: dark) {{ {dark} }}\n"
        ".highlight { background: transparent; }"
    )
