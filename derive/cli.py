"""The command `derive`: the one place that ties symbols and numbers together.

Nothing that is slow to import is imported before a command needs it.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import reduce
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, NoReturn

import rich_click as click

from derive import __version__
from derive.errors import CatalogError
from derive.output import ReaderLeft, complain, write
from derive.selection import Selection, UnknownWord, select, visible

if TYPE_CHECKING:
    from verify.report import Report

REFUSED, BROKEN, NOTHING, INTERRUPTED, PIPE = 2, 3, 5, 130, 141
TIMEOUT = 60
WITNESSES = ("algebra", "exact", "sympy", "differences")


def listed(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    """The witnesses that `--witness` names, in their own order."""
    names = [name.strip() for name in value.split(",")]
    for name in names:
        if name not in WITNESSES:
            raise click.BadParameter(f"{visible(name)!r} is no witness; there are {', '.join(WITNESSES)}", ctx, param)
    return tuple(name for name in WITNESSES if name in names)


def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names and groups of the shipped catalog, for the shell."""
    entries = [entry for file in select(()).files for entry in file.entries]
    words = dict.fromkeys(["all", *(entry.name for entry in entries), *(entry.group for entry in entries)])
    return [word for word in words if word.startswith(incomplete)]


Command = Callable[..., None]


def judging(*formats: str) -> Callable[[Command], Command]:
    """The options of a command that judges claims and writes a report in one of the formats."""
    options = (
        click.option("--output-format", type=click.Choice(formats), default="text", show_default=True),
        click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the report to this file."),
        click.option("--seed", type=int, default=0, show_default=True, help="Chooses the points that are tried."),
        click.option("--jobs", type=click.IntRange(1, 1024), help="Worker processes.  [default: one a processor]"),
        click.option(
            "--timeout",
            type=click.FloatRange(0, min_open=True),
            default=TIMEOUT,
            show_default=True,
            help="Seconds for one claim.",
        ),
        click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True),
    )
    return lambda function: reduce(lambda made, option: option(made), reversed(options), function)


words = click.argument("words", nargs=-1, metavar="[all | NAME… | GROUP… | FILE…]", shell_complete=complete)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="derive", message="%(prog)s %(version)s")
def command() -> None:
    """Says whether a formula is true.

    Gradients are derived in index notation for every size; what a formula claims is proved, or refuted with a
    point that shows it.
    """


@command.command()
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
    with terminal.progress(progress_on, sum(map(len, planned.claims))) as advance:
        report = planned.judged(limits, advance, timings)
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


@command.command()
@words
@judging("text", "json", "markdown")
@click.pass_context
def errata(
    ctx: click.Context, words: tuple[str, ...], output_format: str, output: Path | None, seed: int, jobs: int | None,
    timeout: float, color: str,
) -> None:  # fmt: skip
    """Report what sources print and does not hold.

    Each printed claim that is refuted stands with its source, the smallest numbers found that show it, what would
    be right and the likely slip; worked numbers are judged at the digits printed. What holds is counted.

    Exit status: as that of check; an erratum that the catalog knows of is as expected.
    """
    selection = select(words)
    from derive.show import own_form
    from verify import errata as found
    from verify import pages, run, terminal
    from verify.testimony import Settings

    planned = run.Run(selection, Settings(seed=seed, printed_only=True))
    progress_on = terminal.console(sys.stderr, "auto" if color == "always" else color)
    with terminal.progress(progress_on, sum(map(len, planned.claims))) as advance:
        report = planned.judged(run.Limits(jobs or processors(), timeout), advance)
    tell(report)
    for entry in report.formulas:
        for claim in entry.claims:
            if claim.origin not in ("printed", "example") and not claim.as_expected:
                complain(f"{entry.name}: {claim.claim} is {claim.verdict}; see `derive check {entry.name}`")
    formulas = {str(formula.place): formula for _, _, formula in planned.formulas}
    result = found.errata(report, formulas, planned.groups, own_form)
    if output_format == "json":
        text = found.encoded(result).decode()
    elif output_format == "markdown":
        text = pages.markdown(result)
    else:
        text = pages.rendered(result, sys.stdout, "never" if output else color)
    status = run.status(report)
    if status == NOTHING:
        complain("nothing that is printed was selected")
    if status != NOTHING or output_format == "json":
        write(text, output)
    ctx.exit(status)


@command.command()
@words
@judging("text", "json")
@click.option("--sample", type=click.IntRange(1), help="At most so many twins, chosen by the seed.")
@click.pass_context
def mutate(
    ctx: click.Context, words: tuple[str, ...], output_format: str, output: Path | None, seed: int, jobs: int | None,
    timeout: float, color: str, sample: int | None,
) -> None:  # fmt: skip
    """Make wrong twins of every equation and report which the engine catches.

    A twin is the claim after one edit: a sign, a factor, a dropped term, a swapped index, n for n - 1, a function
    by its neighbour, one part in a million … Each is refuted (killed), proved to be true all the same, or it is a
    defect of the engine and listed.

    Exit status: 0 no twin is left, 1 some are, 2 something was refused, 3 witnesses contradict each other,
    5 there was nothing to edit.
    """
    selection = select(words)
    from verify import run, survey, terminal
    from verify.testimony import Settings

    planned = run.Run(selection, Settings(seed=seed))
    progress_on = terminal.console(sys.stderr, "auto" if color == "always" else color)
    total = survey.count(planned) if sample is None else min(sample, survey.count(planned))
    with terminal.progress(progress_on, total) as advance:
        found = survey.survey(planned, run.Limits(jobs or processors(), timeout), advance, sample)
    for error in planned.errors:
        complain(str(error))
    if output_format == "json":
        text = survey.encoded(found, seed).decode()
    else:
        text = survey.rendered(found, sys.stdout, "never" if output else color)
    if not found.fates:
        complain("there was nothing to edit")
    write(text, output)
    ctx.exit(survey.status(found))


def tell(report: "Report") -> None:
    """What went wrong beside the verdicts."""
    from verify import run

    for message in (*(refused.message for refused in report.errors or ()), *run.defects(report)):
        complain(message)


def processors() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@command.command()
@words
@click.option("--steps", is_flag=True, help="How each derivative comes about: the chain of adjoints.")
@click.option("--printed", is_flag=True, help="What sources print instead, each with its verdict.")
@click.pass_context
def show(ctx: click.Context, words: tuple[str, ...], steps: bool, printed: bool) -> None:
    """Print formulas and their derivatives as LaTeX.

    Nothing else goes to stdout: an align* display each, for a document that uses the package amsmath. A derivative
    stands in the form that is claimed where that is proved, for every size; else in the engine's own.
    """
    if not words:
        raise click.UsageError("which formula? `derive list` shows them", ctx)
    selection = select(words)
    if printed:
        show_printed(ctx, selection)
    from derive.catalog import read
    from derive.show import derivation, result

    errors, shown = list(selection.errors), 0
    for file in selection.files:
        catalog = read(file.path, file.shown, None if selection.is_whole else {entry.name for entry in file.entries})
        errors += catalog.errors
        for formula in catalog.formulas.values():
            display = (derivation if steps else result)(formula)
            text = display.latex(formula)
            write(("\n" if shown and text else "") + text)
            for note in display.notes:
                complain(f"{formula.name}: {note}")
            shown += 1
    for error in errors:
        complain(str(error))
    ctx.exit(REFUSED if errors else 0 if shown else NOTHING)


def show_printed(ctx: click.Context, selection: Selection) -> NoReturn:
    """What sources print of the selected formulas, as LaTeX displays with their verdicts as comments."""
    from verify import run
    from verify.pages import displays
    from verify.testimony import Settings

    planned = run.Run(selection, Settings(printed_only=True))
    report = planned.judged(run.Limits(processors(), TIMEOUT), lambda name: None)
    tell(report)
    shown = displays(report, {str(formula.place): formula for _, _, formula in planned.formulas})
    write("\n".join(shown))
    if not shown:
        complain("no source is quoted there")
    ctx.exit(REFUSED if report.errors else 0 if shown else NOTHING)


@command.command(name="list")
@words
@click.option("--groups", is_flag=True, help="The groups instead, each with its introduction.")
@click.pass_context
def list_(ctx: click.Context, words: tuple[str, ...], groups: bool) -> None:
    """List the formulas: name, group and title."""
    selection = select(words)
    if groups:
        list_groups(ctx, selection)
    entries = [entry for file in selection.files for entry in file.entries]
    rows = [tuple(map(visible, (entry.name, entry.group, entry.title))) for entry in entries]
    name, group = (max((len(row[place]) for row in rows), default=0) for place in (0, 1))
    write("".join(f"{row[0]:<{name}}  {row[1]:<{group}}  {row[2]}\n" for row in rows))
    for error in selection.errors:
        complain(str(error))
    ctx.exit(REFUSED if selection.errors else 0 if entries else NOTHING)


def list_groups(ctx: click.Context, selection: Selection) -> NoReturn:
    """The groups of the selected formulas, in the order in which the catalog introduces them."""
    from derive.catalog import read

    texts: dict[str, str] = {}
    errors = list(selection.errors)
    for file in selection.files:
        introduced = read(file.path, file.shown, only=())
        texts |= introduced.groups
        errors += introduced.errors
    counts = Counter(entry.group for file in selection.files for entry in file.entries)
    there = [group for group in dict.fromkeys([*texts, *counts]) if group in counts]
    write("\n".join(f"{visible(group)} ({counts[group]})\n{indented(texts.get(group, ''))}" for group in there))
    for error in errors:
        complain(str(error))
    ctx.exit(REFUSED if errors else 0 if counts else NOTHING)


@command.command()
@click.argument("kind", type=click.Choice(["report", "errata", "catalog"]))
def schema(kind: str) -> None:
    """Print the JSON schema of the report, of the errata, or of a catalog."""
    if kind == "report":
        from verify.report import schema as found
    elif kind == "errata":
        from verify.errata import schema as found
    else:
        from derive.language.schema import json_schema as found
    write(json.dumps(found(), indent=2) + "\n")


# ------------------------------------------------------------------------------------- in and out


def indented(text: str) -> str:
    """A paragraph of a hundred columns; nothing for no text."""
    return fill(visible(text), 100, initial_indent="  ", subsequent_indent="  ") + "\n" if text else ""


def run_command(arguments: Sequence[str] | None) -> int:
    """The exit status of a command line; every way to fail ends in a message and a status, never in a traceback."""
    try:
        status = command.main(arguments, prog_name="derive", standalone_mode=False)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        help_hint = f"\nTry `{context.command_path} --help`." if context else ""
        complain(f"derive: {error.format_message()}{help_hint}")
        return REFUSED
    except (CatalogError, UnknownWord) as error:
        complain(f"derive: {error}")
        return REFUSED
    except (KeyboardInterrupt, click.Abort):
        complain("derive: interrupted")
        return INTERRUPTED
    except ReaderLeft:
        # What is still buffered must not fail once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE
    except SystemExit as exit_:  # click's own, after a completion
        return int(exit_.code or 0)
    except OSError as error:
        complain(f"derive: {error.filename or 'output'}: {error.strerror}")
        return REFUSED
    except Exception as error:
        complain(f"derive: internal error: {type(error).__name__}: {error}")
        return BROKEN


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The console script: text that the terminal cannot show is escaped, not refused."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run_command(arguments))
