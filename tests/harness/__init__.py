"""What the tests run the product with: real stores, a real service, and ways to break them."""
