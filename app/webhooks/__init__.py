"""What we tell others: events, written down with what they tell of, and delivered until they arrive."""
