"""`derive explain`: what the codes of findings mean."""

from textwrap import fill, indent

import click

from derive.cli.help import Command
from derive.codes import TABLE, Code, find
from derive.codes.table import VERDICTS, WORDS
from derive.errors import nearest
from derive.output import WIDE, columns, write
from derive.selection import visible


def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Codes and the words of verdicts, for the shell."""
    return [word for word in (*TABLE, *VERDICTS, *WORDS) if word.lower().startswith(incomplete.lower())]


@click.command(cls=Command)
@click.argument("code", required=False, shell_complete=complete)
@click.pass_context
def explain(ctx: click.Context, code: str | None) -> None:
    """Say what a code such as D301, or the word of a verdict, means.

    Without one, all codes are listed.
    """
    if code is None:
        write("".join(f"{name}  {found.meaning}\n" for name, found in TABLE.items()))
        return
    known = find(code)
    if known is None:
        hint = nearest(code.upper(), TABLE) or nearest(code.lower(), (*VERDICTS, *WORDS))
        raise click.UsageError(f"'{visible(code)}' is no code{hint}; `derive explain` lists them all", ctx)
    write(explained(known))


def explained(code: Code) -> str:
    """The meaning of a code, with a line as it should be and as it is complained of."""
    parts = [f"{code.name}  {code.meaning}\n", fill(code.text, min(columns(), WIDE)) + "\n"]
    if code.right and code.wrong:
        parts.append(f"wrong:\n{indent(code.wrong, '    ')}\nright:\n{indent(code.right, '    ')}\n")
    return "\n".join(parts)
