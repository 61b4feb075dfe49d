"""The law as data: every legal figure with its article, region and dates of force."""
