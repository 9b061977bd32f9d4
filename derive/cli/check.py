"""`derive check`: judge what formulas claim."""

import sys
from contextlib import nullcontext

import click

from derive.cli import outputs
from derive.cli.choice import first_option, keyword_option, last_option
from derive.cli.claims import Line, check_claims, claimed
from derive.cli.d import Lines, defined, given
from derive.cli.help import Command
from derive.cli.options import (
    INTERRUPTED,
    NOTHING,
    TIMEOUT,
    cluster,
    judging,
    memory,
    no_cache,
    processors,
    tell,
    words,
)
from derive.output import complain
from derive.selection import select, visible
from derive.verdict import WITNESSES

ALL = (*WITNESSES, "reference")  # the last takes seconds to import what it compares with


def listed(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    """The witnesses that `--witness` names, in their own order."""
    names = [name.strip() for name in value.split(",")]
    for name in names:
        if name not in ALL:
            raise click.BadParameter(f"'{visible(name)}' is no witness; there are {', '.join(ALL)}", ctx, param)
    return tuple(name for name in ALL if name in names)


@click.command(cls=Command)
@words
@outputs.writing(*outputs.NAMES, also=".json, .jsonl, .xml (JUnit), .sarif, .md, .html and .txt say their formats.")
@judging()
@click.option("--witness", callback=listed, default=",".join(WITNESSES), show_default=True,
              help="Whom to ask; `reference` is PyTorch, JAX, SciPy …, where installed.")  # fmt: skip
@keyword_option
@last_option
@first_option
@click.option("--exit-zero", is_flag=True, help="Exit status 0 even if something is not as expected.")
@click.option("-v", "--verbose", count=True, help="Name every claim, and what each witness says of it.")
@click.option("-q", "--quiet", count=True, help="Only what is not as expected, and the counts on one line.")
@click.option("--durations", type=click.IntRange(0), default=0, metavar="N",
              help="Name the N slowest claims; judges everything anew.")  # fmt: skip
@click.option(
    "--timings", is_flag=True, help="Judge everything anew and add times to the report, which then differs each time."
)
@memory
@cluster
@no_cache
@claimed
@given
@defined
@click.pass_context
def check(
    ctx: click.Context, words: tuple[str, ...], output_format: str, output: tuple[str, ...], seed: int,
    jobs: int | None, timeout: float, witness: tuple[str, ...], keywords: str | None, last_failed: bool,
    exitfirst: bool, exit_zero: bool, verbose: int, quiet: int, durations: int, timings: bool, color: str,
    memory: int, cluster: str | None, no_cache: bool, claims: Lines, inputs: Lines, define: Lines,
) -> None:  # fmt: skip
    """Judge what formulas claim.

    Without words, or with `all`, that is the whole shipped catalog. A FILE is a catalog of your own. With --claim
    it is what stands there, in the inputs and definitions given; what is not declared is inferred where it can be.

    Exit status: 0 all is as the catalog expects, 1 it is not, 2 the command line or a part of a catalog was
    refused, 3 witnesses contradict each other or the engine is broken, 5 there was nothing to judge.
    """
    reports = outputs.chosen(ctx)
    more = [] if witness == WITNESSES else ["--witness", ",".join(witness)]
    more += [] if timeout == TIMEOUT else ["--timeout", f"{timeout:g}"]
    from derive.cli import choice
    from derive.cli import keywords as words_of
    from verify.testimony import Settings

    test = words_of.test_of(keywords) if keywords and keywords.strip() else None
    settings, volume = Settings(seed=seed, witnesses=witness), verbose - quiet
    if claims or inputs or define:
        status = check_claims(Line.of(ctx, test, volume), settings, timeout, more, reports)
        ctx.exit(0 if exit_zero and status == 1 else status)
    if verbose and ctx.find_root().obj:
        complain(f"settings of {ctx.find_root().obj}")
    selection = select(words)
    from verify import outcome, run, store, terminal
    from verify.progress import progress
    from verify.report import untimed
    from verify.watch import Watchers

    failed = choice.remembered(selection) if last_failed else None
    selection = selection if failed is None else choice.narrowed(selection, failed)
    paths = choice.paths_of(selection)
    progress_on = terminal.console(sys.stderr, "auto" if color == "always" else color)
    limits = run.Limits(jobs or processors(), timeout, memory, cluster=cluster or "")
    is_timed = timings or durations > 0
    interrupted, first = None, choice.First()
    with nullcontext() if no_cache or is_timed else store.opened(complain) as kept:
        planned = run.Run(selection, settings, choice.keeping(settings, test, failed, paths), kept)
        total = planned.total if planned.keep is None else planned.chosen
        streams = reports.begin(seed, total, timings)
        try:
            with progress(progress_on, total, is_each=False) as bar:
                report = planned.judged(limits, Watchers([bar, *streams, *([first] if exitfirst else [])]), is_timed)
        except run.Interrupted as found:
            interrupted, report = found, found.report
    if not no_cache:
        choice.remember(report, paths, is_partial=bool(test or interrupted or first.is_over))
    tell(report)
    status = INTERRUPTED if interrupted else outcome.status(report)
    if status == NOTHING:
        complain("there was nothing to judge")
    again = [*(file.shown for file in selection.files if file.is_own), *more]
    each, timed = bool({*words} - {"all"}), report if timings else untimed(report)
    reports.end(timed, status, lambda stream, color: terminal.rendered(
        report if durations else timed, stream, color, again, each, planned.groups, volume=volume, slowest=durations
    ))  # fmt: skip
    if first.is_over:
        complain("stopped at the first claim that is not as expected")
    if interrupted:
        later = "" if kept is None else "; the same command goes on from there"
        complain(f"derive: interrupted with {interrupted.left} of {total} formulas to go{later}")
    ctx.exit(0 if exit_zero and status == 1 else status)
