"""The signal path of many wearers at once: arrays with a wearer axis, each row to the bit what it is alone.

Every function here has a twin for one wearer, which defines it. A row never depends on the other rows: sums run along
rows in NumPy's own order for so many elements, rows of unequal length are grouped by length, and whatever happens
seldom is left to the twin.
"""
