"""How risky a change to code is: what is small and tested, what is not, what is protected."""

from typing import Any

import pytest
from msgspec import structs

from hub.core.risk import NAMED, CodeChange, assess, is_protected

SMALL = CodeChange(
    lines=19, files=3, new_files=0, paths=("src/a.py",), are_all_named=True, tests_exist=True
)


def test_a_small_tested_change_is_of_low_risk() -> None:
    """Up to 19 lines in up to three files."""
    assert assess(SMALL).tier == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": 20},
        {"lines": None},
        {"files": 4},
        {"files": None},
        {"new_files": 1},
        {"new_files": None},
        {"are_all_named": False},
        {"tests_exist": False},
    ],
)
def test_what_makes_it_a_usual_one(changes: dict[str, Any]) -> None:
    """Each bound by itself, and whatever nobody said; one reason for it."""
    risk = assess(structs.replace(SMALL, **changes))

    assert risk.tier == 2
    assert len(risk.reasons) == 1


def test_nothing_said_is_no_low_risk() -> None:
    """What is not known counts against the change."""
    assert assess(CodeChange()).tier == 2


@pytest.mark.parametrize(
    "path",
    [
        "src/auth/login.py",
        "lib/authConfig.js",
        ".env",
        ".github/workflows/x.yml",
        "Dockerfile",
        "deploy.sh",
        "app/UserToken.java",
        "settings.toml",
        "cert.pem",
        "OAuth2Client.py",
        "APIKey.ts",
        "HTTPAuth.ts",
        "auth0.ts",
        "JWTSecret.ts",
        "APIToken.java",
        "CIConfig.yml",
        ".GitHub/workflows/x.yml",
        ".ssh/id_rsa",
        ".npmrc",
        "etc/passwd",
        "jwt.py",
    ],
)
def test_a_protected_path_is_of_high_risk(path: str) -> None:
    """However small the change is; the path is the reason."""
    risk = assess(structs.replace(SMALL, paths=("src/a.py", path)))

    assert risk.tier == 3
    assert risk.reasons == [f"protected path: {path}"]


@pytest.mark.parametrize("path", ["src/author.py", "keyboard.c", "tokenizer.py", "", "environment"])
def test_words_that_only_begin_alike_are_not_protected(path: str) -> None:
    """Whole words count."""
    assert not is_protected(path)


def test_reasons_are_few_and_short() -> None:
    """However many paths are protected, and however long they are."""
    risk = assess(structs.replace(SMALL, paths=(f"auth/{'x' * 5_000}",) * 100))

    assert len(risk.reasons) == NAMED
    assert all(len(reason) < 300 for reason in risk.reasons)
