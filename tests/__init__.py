"""The tests: what the closed form must equal is measured, brute-forced, published or derived."""
