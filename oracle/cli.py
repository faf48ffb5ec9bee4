"""The command line: ``python -m oracle``; its commands are in `oracle.commands`, one a module."""

from __future__ import annotations

from typing import NoReturn

from analytic.cli import called, commands, run

HELP = """The counts of ``python -m analytic`` by experiment: torch runs each layer on ones.

\b
Example:
  python -m oracle count --input-size 8x8 --in-channels 4 --out-channels 6 \\
      --kernel-size 4 --stride 2 --padding 1 --check
"""

program = commands(
    "oracle",
    HELP,
    {
        "count": "oracle.commands.count",
        "snippet": "oracle.commands.snippet",
        "certify": "oracle.commands.certify",
        "audit": "oracle.commands.audit",
        "plugins": "oracle.commands.plugins",
        "vectors": "oracle.commands.vectors",
    },
)


def main() -> NoReturn:
    """Run the command line."""
    run(program, called("oracle"))
