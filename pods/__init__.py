"""The pods application: live pods of Kubernetes namespaces, in the browser."""
