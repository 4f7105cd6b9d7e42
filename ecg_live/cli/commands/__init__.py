"""The commands' signatures and help; what they do is imported when they run."""
