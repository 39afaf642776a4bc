"""Reports that travel: as captions, as a page or a PDF to hand over, as rows of a table."""
