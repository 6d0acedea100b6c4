"""Executed notebooks as single HTML pages that need no network and run nothing but our few lines of script."""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

import nbformat
import nh3
from jinja2 import Environment
from markupsafe import Markup, escape
from nbconvert import TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments.formatters import HtmlFormatter
from traitlets.config import Config

from xtl.base.places import REPOSITORY, outputs_root

TEMPLATES = Path(__file__).parent / "templates"
SECTIONS = Path(__file__).parents[1] / "analysis" / "templates" / "section.css"
# Outputs that are shown, the first that there is; the rest (scripts, widgets) is dropped in favour of its plain text.
SHOWN = ["text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/plain"]
TAGS = set(
    "a abbr b blockquote br caption code col colgroup dd details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i "
    "img li ol p pre s small span strong sub summary sup table tbody td tfoot th thead tr u ul".split()
)
EVERYWHERE = {"class", "colspan", "rowspan", "scope", "title", "open"}
ATTRIBUTES = {
    "*": EVERYWHERE, "a": {"href"}, "img": {"alt", "width", "height", "src"}, **{f"h{i}": {"id"} for i in range(1, 7)},
}  # fmt: skip
IMAGE = re.compile(r"data:image/(png|jpeg|svg\+xml);base64,[A-Za-z0-9+/=\s]+\Z")
IMG = re.compile(r"<img[^>]*>")  # as nh3 writes it: `>` in a value is escaped
LEFT_OUT = '<span class="missing">[picture from elsewhere, left out]</span>'
PLACE = re.compile(r'^(grid|base) = "(/[^"\n]*)"$', re.M)  # what an analysis was told that no page needs whole
RUNS = re.compile(r"""(?<![A-Za-z0-9+/])/[^\s"'<>&;]*/runs/(?=(pretrain|intermediate|target|analysis)/)""")


class PageExporter(TemplateExporter):
    """nbconvert's exporter with our templates, in which everything is escaped unless a filter gives markup."""

    output_mimetype = "text/html"

    def _create_environment(self) -> Environment:
        environment = super()._create_environment()
        environment.autoescape = True
        environment.globals["SHOWN"] = SHOWN
        environment.filters |= {
            "base64": lambda text: base64.b64encode(text.encode()).decode(),
            "clean": clean,
            "highlighted": Highlight2HTML("python"),
            "markdown": _markdown,
            "own": own,
        }
        return environment


@cache
def exporter(template: str) -> PageExporter:
    """The exporter with one template of ours: `report` or `run`."""
    settings = Config()
    settings.CoalesceStreamsPreprocessor.enabled = True  # progress as it ended
    settings.PageExporter.template_name = "page"
    settings.PageExporter.template_file = f"{template}.html.j2"
    settings.PageExporter.extra_template_basedirs = [str(TEMPLATES)]
    made = PageExporter(config=settings)
    made.log.setLevel("ERROR")
    return made


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """An executed notebook; of one that cannot be read, a notebook that says so."""
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # no file, JSON, schema, version: whatever a run that was cut short left behind
        text = f"The notebook of this run cannot be read ({type(error).__name__})."
        return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])


def as_page(notebook: nbformat.NotebookNode, template: str, **values: object) -> str:
    """A notebook as a whole HTML page, without a path of this machine.

    template: `report` or `run`. values: what the template reads besides the cells.
    """
    script = (TEMPLATES / "page" / "page.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    shared = {"css": _stylesheet(), "script": Markup(script), "script_hash": Markup(f"'sha256-{digest}'")}
    html, _ = exporter(template).from_notebook_node(_prepared(notebook), {**values, **shared})
    return without_places(html)


def without_places(html: str) -> str:
    """A page in which paths begin with `outputs`, with `.` for the repository or with `~`: it is there to be shared."""
    for place, short in sorted(_places().items(), key=lambda item: -len(str(item[0]))):
        if len(place.parts) > 1:  # not the root; and nothing inside the Base64 text of a picture
            html = re.sub(rf"(?<![A-Za-z0-9+/]){re.escape(str(escape(place)))}(?![\w.-])", short, html)
    return RUNS.sub("outputs/runs/", html)  # of runs that were made elsewhere, too


def _places() -> dict[Path, str]:
    """Places of this machine and what a page calls them."""
    return {outputs_root(): "outputs", REPOSITORY: ".", Path.home(): "~"}


def _markdown(text: str) -> str:
    """Markdown as HTML that is not yet clean, its headings without links to themselves."""
    return MarkdownWithMath(renderer=IPythonRenderer(escape=False, exclude_anchor_links=True)).render(text)


def own(html: str) -> Markup:
    """Markup that our own code made, without the style sheet that it brings: the page has it once."""
    return Markup(re.sub(r"\A<style>.*?</style>\n", "", html, flags=re.S))


def clean(html: str) -> Markup:
    """HTML reduced to harmless tags, pictures inside the page and links to web addresses or places in the page.

    Headings go down by one level, because the page has its own. A picture from elsewhere leaves a note in its place.
    """
    html = nh3.clean(
        html, tags=TAGS, attributes=ATTRIBUTES, attribute_filter=_allowed, link_rel=None,
        url_schemes={"http", "https", "data"},
    )  # fmt: skip
    html = re.sub(r"<(/?)h([1-5])(?=[\s>])", lambda m: f"<{m[1]}h{int(m[2]) + 1}", html)
    return Markup(IMG.sub(_picture, html))


def _allowed(tag: str, name: str, value: str) -> str | None:
    """The value of an attribute, or None for an address that leads elsewhere."""
    if name == "src":
        return value if IMAGE.match(value) else None
    if name == "href":
        return value if value.startswith(("https://", "http://", "#")) else None
    return value


def _picture(found: re.Match) -> str:
    """An <img> of cleaned HTML, never without an alternative text; a note where it lost its address."""
    if ' src="' not in found[0]:
        return LEFT_OUT
    alt = re.search(r' alt="([^"]*)"', found[0])
    if alt and alt[1].strip():
        return found[0]
    bare = found[0].replace(alt[0], "") if alt else found[0]
    return bare.replace("<img", '<img alt="Picture without a description"')


def _prepared(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with alternative texts for its pictures, and with its parameters as they may be shared."""
    heading = "the notebook"
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            headings = re.findall(r"^#+\s+(.+)$", cell.source, flags=re.M)
            heading = headings[-1] if headings else heading
        if cell.cell_type == "code":
            cell.metadata.setdefault("alt", f"Figure drawn below the heading “{heading}”")
            cell.source = PLACE.sub(_last_part, cell.source)
            for place in _places():  # papermill writes letters beyond ASCII as escapes
                cell.source = cell.source.replace(str(place).encode("unicode_escape").decode(), str(place))
    return notebook


def _last_part(found: re.Match) -> str:
    """A parameter's place without the folders above it, unless it lies in the repository, whose place is cut anyway."""
    place = Path(found[2])
    return found[0] if place.is_relative_to(REPOSITORY) else f'{found[1]} = "…/{place.name}"'


@cache
def _stylesheet() -> Markup:
    """The style sheet of all pages: sections, page, and the colours of code in light and dark."""
    sections = SECTIONS.read_text("utf-8")
    sheet = (TEMPLATES / "page" / "page.css").read_text("utf-8")
    light = HtmlFormatter(style="default").get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".highlight")
    dark = f"@media screen and (prefers-color-scheme: dark) {{ {dark} }}"
    return Markup("\n".join([sections, sheet, light, dark, ".highlight { background: transparent; }"]))


def contents(notebook: nbformat.NotebookNode) -> list[dict]:
    """The sections that a notebook shows: name, title and whether they are folded."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    facts = [output.get("metadata", {}).get("text/html", {}).get("xtl") for output in outputs]
    return [fact for fact in facts if fact]


def numbered(html: str) -> str:
    """A page whose figures and tables are numbered from its top."""
    counts = {"Figure": 0, "Table": 0}

    def number(found: re.Match) -> str:
        counts[found[2]] += 1
        return f"{found[1]}{found[2]} {counts[found[2]]}"

    return re.sub(r'(<a class="label" href="#[\w-]+">)(Figure|Table)(?=</a>)', number, html)
