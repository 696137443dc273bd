"""What compose.yaml runs and mounts besides the portal's image. Each module is a script of its own."""
