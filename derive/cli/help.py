"""The help of subcommands, drawn by rich-click, which is loaded for nothing else: a command that runs needs none."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich_click import RichCommand


class Command(click.Command):
    """A subcommand of `derive`."""

    def get_help(self, ctx: click.Context) -> str:
        """The usage, what the command does, and its options in a frame as wide as the terminal."""
        from rich_click import RichCommand

        drawn = RichCommand(name=self.name, params=self.get_params(ctx), help=self.help, add_help_option=False)
        return written(drawn, ctx)


class Group(click.Group):
    """A subcommand with subcommands of its own."""

    def get_help(self, ctx: click.Context) -> str:
        """As of a command, with its subcommands in a second frame."""
        from rich_click import RichGroup

        params = self.get_params(ctx)
        drawn = RichGroup(name=self.name, commands=self.commands, params=params, help=self.help, add_help_option=False)
        return written(drawn, ctx)


def written(drawn: "RichCommand", ctx: click.Context) -> str:
    """The help of a command, in the place of the command line where it was asked for."""
    from rich_click import RichContext

    ctx.color = True  # rich knows whether there is to be colour: click has none to take away
    return drawn.get_help(RichContext(drawn, parent=ctx.parent, info_name=ctx.info_name))
