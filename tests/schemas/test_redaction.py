"""What may be shown of a text that could hold a token."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core import credentials
from schemas.redaction import without_secrets
from schemas.scalars import Role

CODE = credentials.new_invite(12345 << 100)


@given(st.integers(0, (1 << 304) - 1), st.sampled_from(Role), st.text(), st.text())
def test_the_secret_of_a_token_goes(bits: int, role: Role, before: str, after: str) -> None:
    """Whatever stands around it; which token it was can still be seen."""
    token = credentials.new_token(role, bits)

    shown = without_secrets(f"{before}{token.text}{after}")

    assert token.text not in shown
    assert token.text.rpartition("_")[2] not in shown
    assert f"corral_{role.value}_{token.public_id}_…" in shown


def test_join_codes_are_secrets_too() -> None:
    """And every one in a text is found."""
    shown = without_secrets(f"{CODE.text} {CODE.text}")

    assert shown == f"corral_j_{CODE.public_id}_… corral_j_{CODE.public_id}_…"


def test_a_part_of_a_token_is_no_better() -> None:
    """A text that was cut in its midst shows no part of the secret."""
    assert without_secrets(CODE.text[:30]) == f"corral_j_{CODE.public_id}_…"


@pytest.mark.parametrize("text", ["", "corral", "corral_d_abc", "corral up", "a_b_c_d", "é…"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    """Also what is already without its secret."""
    assert without_secrets(text) == text
