"""What all commands share before and after they run.

Belongs here: how the program is put together, the general help, and how it ends: 0 done, 1 the work failed and
says why, 2 the call was wrong, 130 stopped. Does not belong here: any command.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup

from rs_assets import __version__
from rs_assets.errors import UserError

STOPPED = 130
_OF_THE_MACHINE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT}

HELP = """From a raw event log to a tested model: the command line of rs_assets.

New here? `rs-assets generate` writes a log to learn on, and `rs-assets status` says what to do next.
"""
PLACES = """Everything lies below RS_HOME (default ./.rs): the raw log in RS_RAW_LOG, published tables in
RS_LAKE, under the name RS_ENVIRONMENT (default prod). Exit code 0: done, 1: the work failed and says why, 2: the
call was wrong."""


class Command(NamedTuple):
    """A command's name, the function behind it, and a call that runs and shows what it is for."""

    name: str
    function: Callable[..., None]
    example: str


class Commands(TyperGroup):
    """The commands, ending as a person expects them to: a sentence, not a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was called."""
        try:
            return super().invoke(ctx)
        except UserError as error:
            _tell(error.what, error.hint)
        except KeyboardInterrupt:
            _tell("Stopped.")
            raise typer.Exit(STOPPED) from None
        except OSError as problem:
            if problem.errno not in _OF_THE_MACHINE:
                raise
            where = f"{problem.filename}: " if problem.filename else ""
            _tell(f"{where}{os.strerror(problem.errno)}.")
        raise typer.Exit(1)


def assemble(commands: Iterable[Command]) -> typer.Typer:
    """The program made of `commands`."""
    app = typer.Typer(
        cls=Commands,
        help=HELP,
        epilog=PLACES,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
    )
    app.callback()(_program)
    for name, function, example in commands:
        app.command(name, epilog=f"Example: `{example}`")(function)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"rs-assets {__version__}")
        raise typer.Exit


def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None: ...


def _tell(what: str, hint: str = "") -> None:
    from rs_assets.cli.output import err, visible_lines

    console = err()
    console.print(visible_lines(what), style="red", soft_wrap=True)
    if hint:
        console.print(visible_lines(hint), soft_wrap=True)
