#!/usr/bin/env python3
"""Runs the buildspecs of the repository with the real command line of AWS against moto, and looks at what became of it.

    main.py [NAME OF A TEST ...]

moto (tests/requirements.txt) answers on the loopback only; nothing leaves the machine. `cargo build --bin spa` comes first.
"""

import sys
import unittest

import peer
from prepare import Prepare  # noqa: F401
from purge import Purge  # noqa: F401

if __name__ == "__main__":
    peer.serve()
    outcome = unittest.main(verbosity=2, exit=False).result
    print(f"{outcome.testsRun} tests, {len(outcome.failures) + len(outcome.errors)} failed")
    sys.exit(0 if outcome.wasSuccessful() else 1)
