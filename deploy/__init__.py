"""How the portal is run where it is used: Compose, Kubernetes, Prometheus."""
