"""Exit with 1 if one of the files named on the command line is larger than a repository of text should hold."""

import sys
from pathlib import Path

LARGEST = 500_000  # bytes; the picture of the report in the README is the largest file that is meant to be here

if __name__ == "__main__":
    large = [name for name in sys.argv[1:] if Path(name).is_file() and Path(name).stat().st_size > LARGEST]
    for name in large:
        print(f"{name}: {Path(name).stat().st_size:,} bytes; more than {LARGEST:,} do not belong into the repository.")
    sys.exit(1 if large else 0)
