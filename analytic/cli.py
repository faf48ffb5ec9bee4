"""``python -m analytic``; its commands are in `analytic.commands`, one a module.

`commands` and `run` are those of any program: ``python -m oracle`` uses them too.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import click

import analytic


def called(module: str) -> str:
    """How this program was called: by the name of a script, or by Python as a module."""
    name = Path(sys.argv[0]).name.removesuffix(".exe")
    return f"python -m {module}" if name == "__main__.py" else name


def run(program: click.Command, name: str, arguments: list[str] | None = None) -> NoReturn:
    """Run a program; whatever goes wrong is one line on standard error and an exit status.

    ``name`` is what its help calls it; a line on standard error has the last word of that.
    """
    short = name.rsplit(maxsplit=1)[-1]
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a poor terminal is no reason to fail
    try:
        program.main(arguments, prog_name=name, standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as asked:
        asked.show()
        sys.exit(asked.exit_code)
    except click.ClickException as reason:
        click.echo(f"{short}: {' '.join(reason.format_message().split())}", err=True)
        sys.exit(reason.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo(f"{short}: interrupted", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has closed it: nothing is left to say, at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as reason:  # a full disk, an unreadable file
        click.echo(f"{short}: {reason.filename or 'input or output'}: {reason.strerror}", err=True)
        sys.exit(1)
    sys.exit(0)


#: How command lines are read: ``-h``, and ``--kernel_size`` as ``--kernel-size``.
SETTINGS = {
    "help_option_names": ["-h", "--help"],
    "token_normalize_func": lambda token: token.replace("_", "-"),
}


class Commands(click.Group):
    """A group whose commands are imported when asked for: ``homes`` is name to module."""

    def __init__(self, homes: Mapping[str, str], **options: Any) -> None:
        super().__init__(**options, context_settings=SETTINGS)
        self.homes = homes

    def as_called(self, words: str | None, ctx: click.Context) -> str:
        """Help that calls the program by the name by which it was called."""
        name = ctx.find_root().info_name
        as_module = f"python -m {self.name}"
        return (words or "").replace(as_module, as_module if name == self.name else str(name))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which they are listed."""
        del ctx
        return list(self.homes)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The object called ``command`` in the command's module."""
        if name not in self.homes:
            return None
        command: click.Command = import_module(self.homes[name]).command
        # Docstrings are raw; click wants the character, where lines are kept.
        command.help = self.as_called(command.help, ctx).replace("\\b", "\b")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command; of one that there is not, the nearest is said."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as reason:
            near = [f" Is {name!r} meant?" for name in get_close_matches(args[0], self.homes, n=1)]
            raise click.UsageError(reason.format_message() + "".join(near), ctx) from None

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What the program is for."""
        self.help = self.as_called(self.help, ctx)
        super().format_help_text(ctx, formatter)


def commands(name: str, description: str | None, homes: Mapping[str, str]) -> click.Group:
    """The group of a command line."""
    group = Commands(homes, name=name, help=description)
    return click.version_option(analytic.__version__)(group)


HELP = """Exact operation counts of convolutions, transposed and ordinary, in closed form, without
running them.

\b
Example:
  python -m {program} count --input-size 8x8 --in-channels 4 --out-channels 6 \\
      --kernel-size 4 --stride 2 --padding 1
"""

program = commands(
    "analytic",
    HELP.format(program="analytic"),
    {
        "compare": "analytic.commands.compare",
        "count": "analytic.commands.count",
        "coverage": "analytic.commands.coverage",
        "explorer": "analytic.commands.explorer",
        "formula": "analytic.commands.formula",
        "identify": "analytic.commands.identify",
        "pairs": "analytic.commands.pairs",
    },
)


def main() -> NoReturn:
    """Run the command line."""
    run(program, called("analytic"))
