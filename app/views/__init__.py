"""What a page shows, as small pure functions over a report: templates only lay it out."""
