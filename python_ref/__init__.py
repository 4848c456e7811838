"""The lesson in ordinary PyTorch: the reference that the Rust side is held to."""
