"""Leakcheck: viewers come and go in every way there is, and the portal must be as it was before.

Works from outside, on a running portal: raw sockets for the viewers, `/metrics` for what is held. It
needs neither the portal's database nor Django; `manage.py leakcheck` and the tests use the same ways.
"""
