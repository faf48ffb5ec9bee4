"""``python -m analytic``."""

from analytic.cli import main

main()
