"""``explorer``: the page that counts and draws a layer in the browser, as one file."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from analytic.commands.flags import PATH, Command

HELP = """Write the explorer: one page for the browser, without network.

Its formulas are derived anew, which takes some ten seconds.

\b
Example:
  python -m analytic explorer --output explorer.html
"""


@click.command("explorer", cls=Command, help=HELP)
@click.option("--output", required=True, type=PATH, help="The file to write: explorer.html.")
def command(output: str) -> None:
    """Write the page."""
    from analytic import explorer

    try:
        with Path(output).open("w", encoding="utf-8") as file:  # first, for the rest takes long
            if sys.stderr.isatty():
                click.echo("deriving the formulas of the page, some ten seconds", err=True)
            file.write(explorer.page())
    except OSError as reason:
        raise click.UsageError(f"{output}: {reason.strerror}") from None
