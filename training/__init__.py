"""From recordings to a bundle: pretext, heads, honest scores."""

import logging

logging.getLogger(__name__).addHandler(logging.NullHandler())  # an application says where it goes
