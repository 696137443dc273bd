"""What the Makefile needs beyond Python itself: Go, Node and Chromium, found or installed; own checks."""
