"""The commands of ``python -m oracle``, one a module, each the object called ``command``."""
