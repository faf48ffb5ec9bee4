"""The commands of ``python -m analytic``, one a module, each the object called ``command``."""
