"""From the upstream watch to each viewer's frames: store, reflector, feed, hub, subscription."""
