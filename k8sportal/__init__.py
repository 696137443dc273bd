"""The portal: settings, URLs, and the composition root (asgi.py)."""

# The one place where the version stands; docs/upgrades.md says how it is counted.
__version__ = "0.5.0"
