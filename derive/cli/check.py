"""`derive check`: judge what formulas claim."""

import sys
from contextlib import nullcontext
from pathlib import Path

import rich_click as click

from derive.cli.claims import check_claims, claimed
from derive.cli.d import Lines, defined, given
from derive.cli.options import INTERRUPTED, NOTHING, TIMEOUT, judging, memory, no_cache, processors, tell, words
from derive.output import complain, write
from derive.selection import select, visible

WITNESSES = ("algebra", "exact", "sympy", "differences")
ALL = (*WITNESSES, "reference")  # the last takes seconds to import what it compares with


def listed(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    """The witnesses that `--witness` names, in their own order."""
    names = [name.strip() for name in value.split(",")]
    for name in names:
        if name not in ALL:
            raise click.BadParameter(f"{visible(name)!r} is no witness; there are {', '.join(ALL)}", ctx, param)
    return tuple(name for name in ALL if name in names)


@click.command()
@words
@judging("text", "json")
@click.option("--witness", callback=listed, default=",".join(WITNESSES), show_default=True,
              help="Whom to ask; `reference` is PyTorch, JAX, SciPy …, where installed.")  # fmt: skip
@click.option(
    "--timings", is_flag=True, help="Judge everything anew and add times to the report, which then differs each time."
)
@memory
@no_cache
@claimed
@given
@defined
@click.pass_context
def check(
    ctx: click.Context, words: tuple[str, ...], output_format: str, output: Path | None, seed: int, jobs: int | None,
    timeout: float, witness: tuple[str, ...], timings: bool, color: str, memory: int, no_cache: bool,
    claims: Lines, inputs: Lines, define: Lines,
) -> None:  # fmt: skip
    """Judge what formulas claim.

    Without words, or with `all`, that is the whole shipped catalog. A FILE is a catalog of your own. With --claim
    it is what stands there, in the inputs and definitions given; what is not declared is inferred where it can be.

    Exit status: 0 all is as the catalog expects, 1 it is not, 2 the command line or a part of a catalog was
    refused, 3 witnesses contradict each other or the engine is broken, 5 there was nothing to judge.
    """
    if claims or inputs or define:
        if words or not claims:
            raise click.UsageError("--claim, --input and --define ask of claims in a line, not of a catalog", ctx)
        more = [] if witness == WITNESSES else ["--witness", ",".join(witness)]
        check_claims(ctx, claims, inputs, define, witness, seed, timeout, more, output_format, output, color)
    selection = select(words)
    from verify import run, store, terminal
    from verify.report import encoded
    from verify.testimony import Settings

    progress_on = terminal.console(sys.stderr, "auto" if color == "always" else color)
    limits = run.Limits(jobs or processors(), timeout, memory)
    interrupted = None
    with nullcontext() if no_cache or timings else store.opened(complain) as kept:
        planned = run.Run(selection, Settings(seed=seed, witnesses=witness), store=kept)
        try:
            with terminal.progress(progress_on, planned.total, is_each=False) as watch:
                report = planned.judged(limits, watch, timings)
        except run.Interrupted as found:
            interrupted, report = found, found.report
    tell(report)
    if output_format == "json":
        text = encoded(report).decode()
    else:
        again = [file.shown for file in selection.files if file.is_own]
        again += [] if witness == WITNESSES else ["--witness", ",".join(witness)]
        again += [] if timeout == TIMEOUT else ["--timeout", f"{timeout:g}"]
        each, plain = bool({*words} - {"all"}), "never" if output else color
        text = terminal.rendered(report, sys.stdout, plain, again, each, planned.groups)
    status = run.status(report)
    if status == NOTHING and not interrupted:
        complain("there was nothing to judge")
    if report.formulas or output_format == "json":
        write(text, output)
    if interrupted:
        later = "" if kept is None else "; the same command goes on from there"
        complain(f"derive: interrupted with {interrupted.left} of {planned.total} formulas to go{later}")
        status = INTERRUPTED
    ctx.exit(status)
