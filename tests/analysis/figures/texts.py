"""Where the text of a picture stands, measured in a font that is wider than those of pages."""

from itertools import combinations

from matplotlib.axis import Axis
from matplotlib.text import Text

from xtl.analysis.figures import drawing
from xtl.analysis.figures.drawing import Picture


def misplaced(picture: Picture) -> list[str]:
    """Texts that leave the picture, and pairs of texts that overlap by more than a pixel."""
    figure = picture.figure
    with drawing.style():
        figure.canvas.draw()
    width, height = figure.get_size_inches() * 72
    boxes = []
    unseen = [label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in beyond(axis)]
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text().strip() and text not in unseen:
            boxes.append((text.get_text(), text.get_window_extent().extents))
    wrong = []
    for name, (left, bottom, right, top) in boxes:
        if left < -1 or bottom < -1 or right > width + 1 or top > height + 1:
            wrong.append(f"{name} leaves the picture")
    for (first, a), (second, b) in combinations(boxes, 2):
        if min(a[2], b[2]) - max(a[0], b[0]) > 1 and min(a[3], b[3]) - max(a[1], b[1]) > 1:
            wrong.append(f"{first} covers {second}")
    return wrong


def beyond(axis: Axis) -> list[Text]:
    """The labels of ticks outside the range of an axis, which are not drawn."""
    low, high = sorted(axis.get_view_interval())
    places = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=True)
    return [label for place, label in places if not low <= place <= high]


def legend(picture: Picture) -> list[str]:
    """The words of a picture's legend."""
    return [text.get_text() for rows in picture.figure.legends for text in rows.get_texts()]


def rows(picture: Picture) -> list[str]:
    """The labels of a dot plot's rows, from top to bottom."""
    return [label.get_text() for label in picture.figure.axes[0].get_yticklabels()]
