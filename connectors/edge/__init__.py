"""The HTTP door: agencies' events, carriers' webhooks, the feed, dossiers, and the contract itself."""
