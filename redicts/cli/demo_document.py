"""The document of the demo: what is installed in this Python, as nested JSON.

Real data that is there on any machine. Imports the standard library only.
"""

from __future__ import annotations

import platform
import sys
from importlib.metadata import Distribution, distributions
from typing import Any, Final

__all__ = ["installed_packages"]

MOST_PACKAGES: Final = 200


def installed_packages() -> dict[str, Any]:
    """Describe this Python and the packages that are installed in it.

    Returns:
        Nested dicts, with dots in some of the names.
    """
    found = {str(each.metadata["Name"]): each for each in distributions() if each.metadata["Name"]}
    return {
        "python": {
            "version": platform.python_version(),
            "implementation": platform.python_implementation(),
            "platform": {"system": platform.system(), "machine": platform.machine()},
            "byte_order": sys.byteorder,
        },
        "packages": {name: _package(found[name]) for name in sorted(found)[:MOST_PACKAGES]},
    }


def _package(distribution: Distribution) -> dict[str, Any]:
    facts = distribution.metadata
    links = dict(link.partition(", ")[::2] for link in facts.get_all("Project-URL") or [])
    classifiers: dict[str, list[str]] = {}
    for line in facts.get_all("Classifier") or []:
        topic, _, rest = str(line).partition(" :: ")
        classifiers.setdefault(topic, []).append(rest)
    return {
        "version": distribution.version,
        "summary": (facts.get_all("Summary") or [None])[0],
        "requires": {
            "python": (facts.get_all("Requires-Python") or [None])[0],
            "packages": distribution.requires or [],
        },
        "links": {label: url for label, url in links.items() if label},
        "classifiers": {topic: values for topic, values in classifiers.items() if topic},
    }
