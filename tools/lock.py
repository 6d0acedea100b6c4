"""Print requirements.lock: the header of the present one and every package of this environment with its version."""

from importlib.metadata import distributions
from pathlib import Path

LEAVE_OUT = {"pip", "xtl"}  # pip comes with the environment, xtl is the project itself
CUDA = ("nvidia-", "triton", "cuda-")  # torch names these itself, and only where it is a CUDA build

if __name__ == "__main__":
    lock = Path(__file__).parent.parent / "requirements.lock"
    print("\n".join(line for line in lock.read_text().splitlines() if line.startswith("#")))
    found = {d.metadata["Name"]: d.version.split("+")[0] for d in distributions()}
    for name in sorted(found, key=str.lower):
        if name.lower() not in LEAVE_OUT and not name.lower().startswith(CUDA):
            print(f"{name}=={found[name]}")
