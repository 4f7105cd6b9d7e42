"""A benchmark: data sets x protocols x pipelines, with fixed splits, intervals over subjects, one table."""

from training.bench.run import Bench, BenchJob, run_bench

__all__ = ["Bench", "BenchJob", "run_bench"]
