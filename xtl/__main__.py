"""`python -m xtl` is the command `xtl`."""

from xtl.cli import main

if __name__ == "__main__":
    main()
