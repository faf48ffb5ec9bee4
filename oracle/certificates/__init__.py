"""Certificates: finitely many experiments that settle a formula for every input size."""
