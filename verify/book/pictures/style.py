"""Figures as SVG that belongs to a page: its colours, its type, light and dark, the same bytes each time."""

import io
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NoReturn

from verify.book.drawing import Drawing
from verify.store import folder

# Stand-ins, one for each colour of the style sheet, which has one set for light and one for dark.
INK, SOFT, FAINT = "#010203", "#020304", "#030405"
SERIES = ("#110101", "#120102", "#130103", "#140104", "#150105", "#160106")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)))
"""Lines differ in their dashes as well, for those who do not see the colours, and on paper."""
NAMES = {INK: "currentColor", SOFT: "var(--soft)", FAINT: "var(--line)",
         **{color: f"var(--series-{number})" for number, color in enumerate(SERIES, 1)}}  # fmt: skip
SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none", "font.family": "serif", "font.serif": ["STIXGeneral"], "font.size": 11,
    "axes.edgecolor": SOFT, "axes.labelcolor": INK, "axes.linewidth": 0.7, "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "grid.color": FAINT, "grid.linewidth": 0.6, "axes.axisbelow": True,
    "xtick.color": SOFT, "ytick.color": SOFT, "text.color": INK, "legend.frameon": False, "lines.linewidth": 1.7,
    "figure.constrained_layout.use": True, "axes.titlesize": 11, "axes.titlelocation": "left", "path.simplify": True,
    "path.simplify_threshold": 0.3, "mathtext.fontset": "stix", "axes.unicode_minus": True, "figure.dpi": 100,
}  # fmt: skip
LOST = re.compile(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->", re.DOTALL)
NUMBERED = re.compile(r' id="[A-Za-z2.]+_\d+"')
SIZED = re.compile(r'(<svg [^>]*?)width="([\d.]+)pt" height="[\d.]+pt"')
LONG = re.compile(r"(?<=\d\.\d{2})\d+(?=[ \n\"LMCQz)])")


@cache
def library() -> Any:
    """matplotlib; its list of fonts goes to the cache, and no program is run to find other fonts than its own."""
    os.environ.setdefault("MPLCONFIGDIR", str(folder() / "matplotlib"))
    run, subprocess.check_output = subprocess.check_output, _refuse
    try:
        import matplotlib.font_manager
    finally:
        subprocess.check_output = run
    return matplotlib


def _refuse(*words: object, **more: object) -> NoReturn:
    raise FileNotFoundError("no program is run")


@contextmanager
def drawing(rows: int = 1, columns: int = 1, size: tuple[float, float] = (6.4, 3.2)) -> Iterator[tuple[Any, Any]]:
    """A figure and its axes in the style of the book. size: in inches."""
    mpl = library()
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(SETTINGS):
        figure = Figure(size)
        FigureCanvasSVG(figure)
        yield figure, figure.subplots(rows, columns)


def picture(figure: Any, key: str, caption: str, says: str) -> Drawing:
    """A figure as a drawing. key: tells its ids from those of other pictures.  says: for who cannot see it."""
    mpl = library()
    stream = io.StringIO()
    with mpl.rc_context({**SETTINGS, "svg.hashsalt": key}):
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    source = NUMBERED.sub("", LOST.sub("", stream.getvalue()))
    for color, name in NAMES.items():
        source = source.replace(color, name)
    return Drawing(SIZED.sub(_sized, LONG.sub("", source), count=1).strip(), caption, says)


def _sized(found: re.Match[str]) -> str:
    """Points as what is as large as the text of the page; on a phone what fits, or three quarters, which scroll."""
    rem = float(found[2]) / 12
    least = min(rem, 22) if rem <= 40 else rem * 0.75
    return f'{found[1]}style="width: {rem:.4g}rem; min-width: {least:.4g}rem"'
