"""What is kept, one module a noun; each says at its head under which keys. The store knows nothing of HTTP."""
