"""Live boards over WebSockets: one watch of the service for all browsers that ask alike."""
