"""``snippet``: what the published snippet says of a layer, beside the exact number."""

from __future__ import annotations

from typing import Any

import click

import oracle
from analytic.commands.toolbox import LAYER_OPTIONS, layer_of_flags, with_options

#: The flags of the layer's axes; the snippet has one channel and no crops apart.
AXIS_OPTIONS = (*LAYER_OPTIONS[:1], *LAYER_OPTIONS[3:7], LAYER_OPTIONS[9])


def snippet(**flags: Any) -> None:
    r"""Run the published snippet to the letter: float32, every output minus one, summed.

    It shows how the snippet rounds; to count, use the command count.

    \b
    Example:
      python -m oracle snippet --input-size 2048x2048 --kernel-size 4 --stride 2 --padding 1
    """
    layer = layer_of_flags({**flags, "in_channels": 1, "out_channels": 1})
    geometry = {name: getattr(layer, name) for name in flags}
    try:
        published = oracle.published_snippet(**geometry)
        exact = oracle.additions_per_filter(**geometry, convention="documented")
    except (ValueError, MemoryError) as reason:
        raise click.UsageError(str(reason)) from None
    click.echo(f"additions by the published snippet (float32)  {published:.0f}")
    click.echo(f"the same additions in int64                   {exact}")


command = click.command("snippet")(with_options(snippet, *AXIS_OPTIONS))
