"""Where each format comes in over HTTP, as its own specification wants it."""
