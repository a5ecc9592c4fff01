"""What tests of workers have: a store, a CPU pool, a site on loopback, a clock that can be turned."""

from tests.integration.workers.conftest import bench, cpu, site  # noqa: F401
