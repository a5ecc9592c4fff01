from __future__ import annotations

from tests.contract.mappers.recorder import contract_methods


def test_every_method_of_the_contracts_was_called(called: set[str]) -> None:
    assert contract_methods() - called == set()
