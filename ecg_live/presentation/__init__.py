"""States, values and texts that terminal, report and dashboard show. Independent of Qt."""
