"""What the portal knows about pods, frames and rights, as pure functions and values.

Imports only the standard library and msgspec (checked by import-linter), does no I/O,
reads no clock: times come in as arguments.
"""
