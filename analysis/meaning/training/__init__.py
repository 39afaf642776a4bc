"""Where the heads of `analysis.meaning` come from. Nothing here runs in the product."""
