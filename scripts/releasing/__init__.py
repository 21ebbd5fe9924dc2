"""The steps of a release; `scripts/release` puts them together."""
