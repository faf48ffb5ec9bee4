"""What exported formulas rest on in each language; it is copied into what is exported."""
