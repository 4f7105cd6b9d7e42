"""From recordings to a bundle: a self-supervised encoder, heads, and cross-validated scores."""

import logging

logging.getLogger(__name__).addHandler(logging.NullHandler())  # an application sets its own handlers
