"""What the service is about, in plain values and rules; imports the standard library alone."""
