"""Makes a small Git repository in a new directory, the same commits with the same hashes every time.

    make_git_repository.py DIRECTORY
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

COMMITS = [
    ("Begin", {"README.md": "# Tune\n\nA tune in three parts.\n"}),
    ("Add the first part", {"parts/first.txt": "do re mi\n"}),
    ("Add the second part, allegro più", {"parts/second.txt": "fa sol la\n", "README.md": "# Tune\n\nTwo parts.\n"}),
]


def git(directory: Path, *arguments: str, hour: int = 0) -> None:
    date = f"2026-01-01T{hour:02d}:00:00+00:00"
    person = {"NAME": "Ada Example", "EMAIL": "ada@example.com", "DATE": date}
    settings = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in person.items()}
    # The user's own configuration (signing, hooks, name of the first branch) must not change the hashes.
    isolation = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    environment = {**os.environ, **settings, **isolation}
    subprocess.run(["git", "-C", str(directory), *arguments], check=True, env=environment)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True)
    git(directory, "init", "--quiet", "--initial-branch=main")
    for hour, (message, files) in enumerate(COMMITS):
        for name, content in files.items():
            (directory / name).parent.mkdir(exist_ok=True)
            (directory / name).write_text(content, encoding="utf-8")
        git(directory, "add", "--all")
        git(directory, "commit", "--quiet", f"--message={message}", hour=hour)
    git(directory, "branch", "later", "HEAD~1")
    (directory / "README.md").write_text("# Tune\n\nNot committed yet.\n", encoding="utf-8")


if __name__ == "__main__":
    main()
