"""Real stores, a real service and ways to break them, for all tests."""
