"""`derive completion`: what a shell reads to complete commands, options, and the names of formulas."""

import click

from derive.cli.help import Command
from derive.output import write

VARIABLE = "_DERIVE_COMPLETE"


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a script that teaches a shell to complete `derive`.

    Names and groups of formulas are completed, too.

    bash: add `eval "$(derive completion bash)"` to ~/.bashrc.  zsh: the same with zsh, in ~/.zshrc.
    fish: `derive completion fish > ~/.config/fish/completions/derive.fish`.
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    write(found(ctx.find_root().command, {}, "derive", VARIABLE).source() + "\n")
