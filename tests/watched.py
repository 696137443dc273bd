"""What the portal watches of each scope, by the resources' names."""

WATCHED = ("pods", "replicasets", "events", "deployments", "statefulsets", "daemonsets", "jobs")
# All that is streamed; events are listed first.
STREAMED = len(WATCHED) - 1
