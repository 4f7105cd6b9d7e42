"""Print what ``ecg-live[test]`` requires, but for the packages named: python .ci/requirements.py torch ..."""

import re
import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
extras = project["optional-dependencies"]
for requirement in [*project["dependencies"], *extras["train"], *extras["test"]]:
    if re.split(r"[^\w-]", requirement)[0] not in {project["name"], *sys.argv[1:]}:
        print(requirement)
