"""``explorer``: the page that counts and draws a layer in the browser, as one file."""

from __future__ import annotations

from pathlib import Path

import click

from analytic.commands.flags import PATH, Command

HELP = """Write the explorer: one page for the browser, without network.

Its formulas are derived anew, which takes a second.

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
        Path(output).write_text(explorer.page(), encoding="utf-8")
    except OSError as reason:
        raise click.UsageError(f"{output}: {reason.strerror}") from None
