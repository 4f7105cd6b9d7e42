"""A benchmark: data sets x protocols x pipelines, with fixed splits, intervals over subjects, one table."""
