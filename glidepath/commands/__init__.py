"""One module per noun. Each function is one subcommand; `glidepath.cli` hangs them up."""
