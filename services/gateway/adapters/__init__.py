"""What the gateway reaches out to: its database, mail, the services behind it, vendor files."""
