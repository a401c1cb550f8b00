"""Makes those pages of the manual that are read from the program itself."""
