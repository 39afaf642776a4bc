"""What Afterbeep costs, measured beside the alternatives in one run: `make bench`."""
