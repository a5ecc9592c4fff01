"""Runs the proofs and writes build/prove.json."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import random
import sys
from pathlib import Path

from tests.prove import ALSO, PROOFS

RESULTS = Path("build/prove.json")


def main() -> int:
    arguments = _arguments()
    seed = random.SystemRandom().randrange(1_000_000) if arguments.seed is None else arguments.seed
    results = [_run(name, seed, arguments.short) for name in ([arguments.only] if arguments.only else PROOFS)]
    _write(results)
    return 0 if all(result["passed"] == result["total"] for result in results) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument("--only", choices=PROOFS + ALSO, metavar="NAME", help=f"one of: {', '.join(PROOFS + ALSO)}")
    parser.add_argument("--seed", type=int, metavar="N", help="repeat what that seed did")
    parser.add_argument("--short", action="store_true", help="the short form, for every change")
    return parser.parse_args()


def _run(name: str, seed: int, short: bool) -> dict[str, str | int]:
    # A word of the language cannot name a file that is imported.
    module = "imports" if name == "import" else name.replace("-", "_")
    proof = importlib.import_module(f"tests.prove.{module}")
    passed, total = asyncio.run(proof.prove(seed, short, lambda line: _print(f"  {line}")))
    _print(f"{name} {passed}/{total} {seed}")
    return {"name": name, "passed": passed, "total": total, "seed": seed}


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _write(results: list[dict[str, str | int]]) -> None:
    """Results of proofs that did not run this time stay."""
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    new = {str(result["name"]): result for result in results}
    merged = [new.pop(old["name"], old) for old in kept] + list(new.values())
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(merged, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
