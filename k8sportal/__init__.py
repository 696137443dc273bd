"""The portal: settings, URLs, and the composition root (asgi.py)."""
