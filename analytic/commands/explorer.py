"""``explorer``: the page that counts and draws a layer in the browser, as one file."""

from __future__ import annotations

from pathlib import Path

import click

HELP = """Write the explorer: one page, to be opened in a browser, that needs no network.

\b
Example:
  python -m analytic explorer --output explorer.html
"""


@click.command("explorer", help=HELP)
@click.option("--output", required=True, help="The file to write: explorer.html.")
def command(output: str) -> None:
    """Write the page."""
    from analytic import explorer

    try:
        Path(output).write_text(explorer.page(), encoding="utf-8")
    except OSError as reason:
        raise click.UsageError(f"{output}: {reason.strerror}") from None
