"""The values, rules and errors of the service; imports the standard library alone."""
