"""`derive report`: the formula book, a static site."""

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import click

from derive.cli.help import Command
from derive.cli.options import BROKEN, NOTHING, judging, memory, no_cache, processors, tell, words
from derive.output import complain, write
from derive.selection import select


@click.command(cls=Command)
@words
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default="book", show_default=True, help="The folder."
)
@judging()
@memory
@no_cache
@click.pass_context
def report(
    ctx: click.Context, words: tuple[str, ...], out: Path, seed: int, jobs: int | None, timeout: float, color: str,
    memory: int, no_cache: bool,
) -> None:  # fmt: skip
    """Write the formula book: a site of every formula, its claims, their verdicts and the evidence.

    The folder holds all it needs, for any browser and without a network; open its index.html. What is judged
    already is not judged again. A folder that holds anything else is left alone.

    Exit status: as that of check.
    """
    selection = select(words)
    from verify import outcome, run, store, terminal
    from verify.book import binding, pictures, site
    from verify.book.press import File, Press
    from verify.book.shelf import Shelf
    from verify.progress import progress
    from verify.testimony import Settings

    site.refuse(out)
    settings, limits = Settings(seed=seed), run.Limits(jobs or processors(), timeout, memory)
    progress_on = terminal.console(sys.stderr, "auto" if color == "always" else color)
    with nullcontext() if no_cache else store.opened(complain) as kept:
        planned = run.Run(selection, settings, None, kept)
        with progress(progress_on, planned.total, is_each=False) as bar:
            judged = planned.judged(limits, bar, timings=True)
    tell(judged)
    status = outcome.status(judged)
    if status == NOTHING:
        complain("there was nothing to judge")
        ctx.exit(status)
    if not pictures.are_there():
        complain("without pictures: they need matplotlib and networkx (pip install matplotlib networkx)")
    formulas = {str(formula.place): formula for _, _, formula in planned.formulas}
    leaves = binding.bound(formulas, judged.formulas)
    own = [file.shown for file in selection.files if file.is_own]
    press = Press(limits.workers, timeout, memory, None if no_cache else Shelf(complain))
    failures: list[str] = []
    with progress(progress_on, len(leaves), is_each=False) as bar:

        def pages() -> Iterator[File]:
            for file in site.book(judged, leaves, planned.groups, own, press):
                failures.extend(f"{file.name}: {failure}" for failure in file.failures)
                bar.end(file.name)
                yield file

        size = site.written(pages(), out)
    for failure in failures:
        complain(failure)
    write(f"{out / 'index.html'}: {len(leaves)} formula{'' if len(leaves) == 1 else 's'}, {size / 1e6:.1f} MB\n")
    ctx.exit(BROKEN if failures else status)
