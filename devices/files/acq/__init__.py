"""BIOPAC AcqKnowledge (.acq)."""
