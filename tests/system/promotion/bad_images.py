"""Images whose server misbehaves: the good image's sources, with a front before their server."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.system.loop import image_folder

_FRONT = Path(__file__).with_name("front.py")
_ENTRY = "ml/container.py"
_CALLS_FRONT = '''"""The image's entry point: a front that spoils what the server answers."""
import sys

from ml.serving.front import main

sys.exit(main(sys.argv[1:]))
'''
FAILS_AT_IMPORT = '''"""An entry point that cannot be imported."""
import a_library_that_the_image_lacks
'''


def with_front(room: Path, behaviour: Mapping[str, Any]) -> Path:
    """Lay out an image below ``room`` whose server behaves as ``front.BEHAVIOUR`` says."""
    own = ""

    def replace(text: str) -> str:
        nonlocal own
        own = text
        return _CALLS_FRONT

    root = image_folder.tampered(room, _ENTRY, replace)
    serving = root / "ml" / "serving"
    (serving / "own_container.py").write_text(own, encoding="utf-8")
    shutil.copy(_FRONT, serving / "front.py")
    (serving / "behaviour.json").write_text(json.dumps(dict(behaviour)), encoding="utf-8")
    return root


def failing_at_import(room: Path) -> Path:
    return image_folder.tampered(room, _ENTRY, lambda _: FAILS_AT_IMPORT)
