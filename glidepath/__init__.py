"""The `glidepath` command: running everything in one process, the demo, and the REST verbs."""
