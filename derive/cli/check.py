"""`derive check`: judge what formulas claim."""

import sys
from pathlib import Path

import rich_click as click

from derive.cli.options import NOTHING, TIMEOUT, judging, processors, tell, words
from derive.output import complain, write
from derive.selection import select, visible

WITNESSES = ("algebra", "exact", "sympy", "differences")


def listed(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    """The witnesses that `--witness` names, in their own order."""
    names = [name.strip() for name in value.split(",")]
    for name in names:
        if name not in WITNESSES:
            raise click.BadParameter(f"{visible(name)!r} is no witness; there are {', '.join(WITNESSES)}", ctx, param)
    return tuple(name for name in WITNESSES if name in names)


@click.command()
@words
@judging("text", "json")
@click.option("--witness", callback=listed, default=",".join(WITNESSES), show_default=True, help="Whom to ask.")
@click.option("--timings", is_flag=True, help="Add times to the report; it then differs from run to run.")
@click.pass_context
def check(
    ctx: click.Context, words: tuple[str, ...], output_format: str, output: Path | None, seed: int, jobs: int | None,
    timeout: float, witness: tuple[str, ...], timings: bool, color: str,
) -> None:  # fmt: skip
    """Judge what formulas claim.

    Without words, or with `all`, that is the whole shipped catalog. A FILE is a catalog of your own.

    Exit status: 0 all is as the catalog expects, 1 it is not, 2 the command line or a part of a catalog was
    refused, 3 witnesses contradict each other or the engine is broken, 5 there was nothing to judge.
    """
    selection = select(words)
    from verify import run, terminal
    from verify.report import encoded
    from verify.testimony import Settings

    planned = run.Run(selection, Settings(seed=seed, witnesses=witness))
    progress_on = terminal.console(sys.stderr, "auto" if color == "always" else color)
    limits = run.Limits(jobs or processors(), timeout)
    with terminal.progress(progress_on, sum(map(len, planned.claims))) as watch:
        report = planned.judged(limits, watch, timings)
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
    if status == NOTHING:
        complain("there was nothing to judge")
    if report.formulas or output_format == "json":
        write(text, output)
    ctx.exit(status)
