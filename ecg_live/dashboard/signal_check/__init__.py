"""The page between choice and session: faults of the signal, and where the electrodes sit."""
