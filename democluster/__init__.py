"""A demo cluster: a small shop behind the Kubernetes API, for a portal without a cluster to look at.

It is a process of its own, speaks plain HTTP and is read through the very same code as a real
cluster, so whatever it shows has gone the whole way. Only what the portal reads is spoken: get,
list, watch, streaming list, bookmarks, Tables and metadata-only forms of a few kinds. Where a rule
is the API server's (paging, expiry, Table cells, errors) it is kept to the letter, and a test
compares both servers.
"""
