"""The `glidepath` command: runs everything in one process (`up`), plays the story (`demo`) and speaks REST for the rest."""
