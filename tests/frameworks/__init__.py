"""Other frameworks, run on ones: what `analytic.frameworks` is held to."""
