"""What stands in for `pytest` on the machines of the pictures: it prints what a run prints.

`pytest SECONDS` takes so long for all of it; `pytest fail` fails soon.
"""

import sys
import time
from typing import Final

FILES: Final = (
    ("tests/webhooks/test_signatures.py", ("accepts_v2", "refuses_old_timestamp", "rotates_keys")),
    ("tests/webhooks/test_delivery.py", ("retries_with_backoff", "gives_up", "keeps_order")),
    ("tests/webhooks/test_replay.py", ("is_idempotent", "skips_duplicates", "survives_restart")),
    ("tests/ledger/test_rounding.py", ("half_even", "currencies_without_cents", "negative")),
    ("tests/ledger/test_balance.py", ("never_below_zero", "concurrent_holds", "closes_books")),
    ("tests/refunds/test_partial.py", ("splits_fees", "over_refund", "after_dispute")),
    ("tests/refunds/test_limits.py", ("daily_cap", "per_card", "operator_override")),
    ("tests/api/test_errors.py", ("problem_details", "unknown_field", "too_large")),
)
GREEN, YELLOW, DIM, RED, PLAIN = "\033[32m", "\033[33m", "\033[2m", "\033[31m", "\033[0m"


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def passing(seconds: float) -> None:
    """All tests pass, one after the other."""
    tests = [(file, name) for file, names in FILES for name in names] * 3
    say(f"{DIM}$ git fetch --depth 50 origin && git switch fix/webhook-flake{PLAIN}")
    say("Switched to branch 'fix/webhook-flake'")
    say(f"{DIM}$ pytest tests -x -q --reruns 3{PLAIN}")
    say(f"============ test session starts: {len(tests)} items ============")
    for done, (file, name) in enumerate(tests, 1):
        percent = done * 100 // len(tests)
        slow = f"  {YELLOW}slow: 2.41 s{PLAIN}" if done % 17 == 0 else ""
        say(f"{file}::test_{name} {GREEN}PASSED{PLAIN} {DIM}[{percent:3} %]{PLAIN}{slow}")
        if done % 9 == 0:
            say(f"::progress {percent} {done} of {len(tests)} tests")
        time.sleep(seconds / len(tests))
    say(f"{GREEN}{len(tests)} passed{PLAIN}")


def failing() -> None:
    """A test fails."""
    say("tests/render/test_pdf.py::test_fonts FAILED")
    sys.stderr.write(f"{RED}E   OSError: font 'Inter Variable' is not installed{PLAIN}\n")
    time.sleep(1)
    sys.exit(1)


if __name__ == "__main__":
    if sys.argv[1] == "fail":
        failing()
    passing(float(sys.argv[1]))
