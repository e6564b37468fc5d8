"""JSON over HTTP: the reads of the contract as GET requests, and their OpenAPI description."""
