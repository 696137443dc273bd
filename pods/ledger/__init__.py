"""Ledger: what this process holds, piece by piece: every viewer's socket and every upstream watch.

A picture is a pure reading of the Runtime and changes nothing. It stays small and quick however much is
held: the totals count everything, a table gives the first ROWS of what is looked for, the worst first.
"""
