"""The one place that speaks to the Kubernetes API, and the only one that imports `kubernetes`."""
