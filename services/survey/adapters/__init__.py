"""Tables, repositories and instrument files: what touches a database or a disk."""
