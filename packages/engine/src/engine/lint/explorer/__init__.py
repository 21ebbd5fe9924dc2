"""All names of all registries, and configs with their findings, as one page for a browser."""
