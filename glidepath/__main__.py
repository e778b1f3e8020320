"""`python -m glidepath`."""

from glidepath.cli import main

if __name__ == "__main__":
    main()
