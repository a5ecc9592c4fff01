"""Named checks of threats and faults: test_NN is check NN of the list in docs/threats.md."""
