"""The web gateway: JSON over HTTP, a WebSocket and a page for the leaderboard service."""
