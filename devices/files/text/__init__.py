"""Text tables: CSV of any origin, and what some devices and programs make of it."""
