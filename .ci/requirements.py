"""Print what ``ecg-live[test]`` requires, but for the packages named: python .ci/requirements.py torch ..."""

import re
import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
extras = project["optional-dependencies"]


def expand(requirement: str) -> list[str]:
    """A requirement, or in place of an extra of this project what it holds."""
    extra = re.fullmatch(re.escape(project["name"]) + r"\[([\w-]+)\]", requirement)
    return [each for part in extras[extra[1]] for each in expand(part)] if extra else [requirement]


for part in [*project["dependencies"], *expand(f"{project['name']}[test]")]:
    if re.split(r"[^\w-]", part)[0] not in sys.argv[1:]:
        print(part)
