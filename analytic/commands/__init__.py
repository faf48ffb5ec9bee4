"""The commands of ``python -m analytic``, one a module, each the object called ``command``.

What they share, and those of ``python -m oracle`` too, is in `toolbox`.
"""
