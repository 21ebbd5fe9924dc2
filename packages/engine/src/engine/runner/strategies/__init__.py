"""Where and how a model runs; each strategy has a file of its own."""
