"""The use cases of the service, in the words of the domain: one method for each call."""
