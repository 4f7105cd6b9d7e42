"""Work with a session's recording afterwards: verify, export, report, forget."""
