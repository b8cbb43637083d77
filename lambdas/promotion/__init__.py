"""Put an approved version behind the endpoint, watch it, and move or keep the champion pointer."""
