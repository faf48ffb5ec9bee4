"""The command line: ``python -m oracle``; its commands are in `oracle.commands`, one a module."""

from __future__ import annotations

from typing import NoReturn

import oracle
from analytic.cli import commands, run

program = commands(
    "oracle",
    oracle.__doc__,
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
    """Run ``python -m oracle``."""
    run(program, "oracle")
