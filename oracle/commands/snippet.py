"""``snippet``: what the published snippet says of a layer, beside the exact number."""

from __future__ import annotations

from typing import Any

import click

import oracle
from analytic.commands.flags import FLAGS, Command, layer_of_flags, layer_option, with_options

#: The snippet is of a transposed layer with one channel and no crops apart.
AXES = ("input_size", "kernel_size", "stride", "padding", "output_padding", "dilation")


def snippet(**flags: Any) -> None:
    r"""Run the published snippet to the letter.

    In float32, every output minus one, summed. It shows how the snippet rounds; to count, use
    the command count.

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


command = click.command("snippet", cls=Command)(
    with_options(snippet, *[layer_option(name, FLAGS[name]) for name in AXES])
)
