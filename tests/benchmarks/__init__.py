"""The benchmark: ``python -m tests.benchmarks [SECTION…] [--quick]`` or ``make bench``."""
